#!/usr/bin/env python3
"""Counts the user-space instructions and the allocations that an entry costs, and holds them against bounds.

`raft-lab bench commit` runs under callgrind, once for few entries and once for many; the difference is what the further
entries cost, without start and end. Unlike a time it hardly depends on what else the machine does. Threads take turns
under callgrind, so the batches of the stages with threads are not quite those of a run without it.

Allocations are counted by `raft-lab bench allocations`, where all nodes are on one thread and the count is exact. They
are those of a release build; a debug build asks more often, which is why no unit test holds the number.

    make bench-instructions                  all cases of allocations.txt and bounds.txt
    Tests/Instructions/count.py a/1024 --top 20     one of them, and where the instructions go
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOUNDS = pathlib.Path(__file__).with_name("bounds.txt")
ALLOCATIONS = pathlib.Path(__file__).with_name("allocations.txt")
SHORT, LONG = 10_000, 50_000


class Failure(Exception):
    pass


def run(command):
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def bounds(path):
    """The cases and their bounds, in order: (stage, outstanding, bound)."""
    for line in path.read_text().splitlines():
        words = line.partition("#")[0].split()
        if words:
            stage, outstanding = words[0].split("/")
            yield stage, int(outstanding), float(words[1]) if "." in words[1] else int(words[1])


def program(work):
    """raft-lab without what debuggers read, which this callgrind cannot."""
    out = run(["swift", "build", "-c", "release", "--show-bin-path"]).strip()
    stripped = work / "raft-lab"
    run(["objcopy", "--strip-debug", f"{out}/raft-lab", stripped])
    return stripped


def measure(lab, work, stage, outstanding, entries):
    """The total of a run, and that of each function."""
    profile = work / f"{stage}-{outstanding}-{entries}"
    run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", lab, "bench", "commit",
         "--stage", stage, "--outstanding", str(outstanding), "--bytes", "64", "--entries", str(entries)])
    functions = {}
    total = None
    for line in run(["callgrind_annotate", "--threshold=100", profile]).splitlines():
        match = re.match(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)", line)
        if not match:
            continue
        count = int(match[1].replace(",", ""))
        if "PROGRAM TOTALS" in match[2]:
            total = count
        else:
            name = re.sub(r" \[.*$", "", match[2].strip()).removeprefix("???:")
            functions[name] = functions.get(name, 0) + count
    if total is None:
        raise Failure("callgrind told no total")
    return total, functions


def hold_allocations(lab):
    """Tells the counts, and returns how many are not what they should be."""
    expected = {outstanding: bound for stage, outstanding, bound in bounds(ALLOCATIONS) if stage == "a"}
    counted = {int(parameters["outstanding"]): int(metrics["in all"])
               for parameters, metrics in rows([lab, "bench", "allocations"])}
    if counted.keys() != expected.keys():
        raise Failure(f"allocations were counted for {sorted(counted)}, and are expected for {sorted(expected)}")
    failures = 0
    for outstanding, bound in expected.items():
        verdict = "" if counted[outstanding] == bound else f": {bound} EXPECTED"
        failures += counted[outstanding] != bound
        print(f"a/{outstanding}: {counted[outstanding]} allocations for ten batches{verdict}", flush=True)
    for stage, outstanding, bound in bounds(ALLOCATIONS):
        if stage == "a":
            continue
        [(_, metrics)] = rows([lab, "bench", "commit", "--stage", stage, "--outstanding", str(outstanding),
                               "--bytes", "64", "--entries", "200000"])
        verdict = "" if metrics["allocations"] <= bound else ": TOO MANY"
        failures += metrics["allocations"] > bound
        print(f"{stage}/{outstanding}: {metrics['allocations']:.2f} allocations an entry, at most {bound}{verdict}",
              flush=True)
    return failures


def rows(command):
    """The parameters and the metrics of each row that a suite tells."""
    for line in run(command + ["--json"]).splitlines():
        row = json.loads(line).get("row", {}).get("_0")
        if row:
            yield ({each["name"]: each["value"] for each in row["parameters"]},
                   {each["name"]: each["value"] for each in row["metrics"]})


def demangled(names):
    done = subprocess.run(["swift", "demangle", "--simplified"], input="\n".join(names), text=True,
                          capture_output=True, check=True)
    return done.stdout.splitlines()


def tell_top(short, long, top):
    grown = sorted(((long[name] - short.get(name, 0), name) for name in long), reverse=True)[:top]
    for (count, _), name in zip(grown, demangled([name for _, name in grown])):
        print(f"  {count / (LONG - SHORT):10.1f}  {name[:110]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*", help="such as c/1024; default: all")
    parser.add_argument("--top", type=int, default=0, help="tell so many functions, too")
    options = parser.parse_args()
    for tool in ["valgrind", "callgrind_annotate", "objcopy"]:
        if subprocess.run(["which", tool], capture_output=True).returncode != 0:
            raise Failure(f"{tool} is missing: apt-get install valgrind binutils")
    failures = 0
    with tempfile.TemporaryDirectory(prefix="instructions-") as name:
        work = pathlib.Path(name)
        lab = program(work)
        if not options.case:
            failures += hold_allocations(lab)
        for stage, outstanding, bound in bounds(BOUNDS):
            if options.case and f"{stage}/{outstanding}" not in options.case:
                continue
            short, long = (measure(lab, work, stage, outstanding, count) for count in (SHORT, LONG))
            each = (long[0] - short[0]) / (LONG - SHORT)
            verdict = "" if each <= bound else ": TOO MANY"
            failures += each > bound
            print(f"{stage}/{outstanding}: {each:.0f} instructions an entry, at most {bound}{verdict}", flush=True)
            tell_top(short[1], long[1], options.top)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(str(failure))
