#!/usr/bin/env python3
"""Counts the user-space instructions that an entry costs, and holds them against bounds.

`raft-lab bench commit` runs under callgrind, once for few entries and once for many; the difference is what the further
entries cost, without start and end. Unlike a time it hardly depends on what else the machine does. Threads take turns
under callgrind, so the batches of the stages with threads are not quite those of a run without it.

    make bench-instructions                  all cases of bounds.txt
    Tests/Instructions/count.py a/1024 --top 20     one of them, and where the instructions go
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOUNDS = pathlib.Path(__file__).with_name("bounds.txt")
SHORT, LONG = 10_000, 70_000


class Failure(Exception):
    pass


def run(command):
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def bounds():
    """The cases and their bounds, in order: (stage, outstanding, bound)."""
    for line in BOUNDS.read_text().splitlines():
        words = line.partition("#")[0].split()
        if words:
            stage, outstanding = words[0].split("/")
            yield stage, int(outstanding), int(words[1])


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
        for stage, outstanding, bound in bounds():
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
