#!/usr/bin/env python3
"""Runs the checkers on the specifications; README.md says what each part is.

Usage: check.py [--only PART ...] [--run NAME ...] [--large]
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

import action_map
import runs

HERE = pathlib.Path(__file__).resolve().parent
WORK = HERE.parent / ".build" / "specs"
TLA_PYTHON = HERE.parent / ".setup" / "tla" / "bin" / "python"


class Failure(Exception):
    """A sentence for whoever ran this."""


def execute(command, folder):
    """The standard output of a command, its status, and the seconds and MiB that it took."""
    began = time.monotonic()
    log = folder / "output"
    with log.open("wb") as output:
        child = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return log.read_text(errors="replace"), child.returncode, time.monotonic() - began, usage.ru_maxrss >> 10


def prepare(command, folder):
    text, status, _, _ = execute(command, folder)
    if status != 0:
        raise Failure(f"{command[0]} failed in {folder}:\n{text}")


def tell(part, run, figures, seconds, memory, outcome):
    print(f"{part:8} {run.name:15} {figures:38} {seconds:5.1f} s {memory:6} MiB  {outcome}", flush=True)


def judge(part, run, text, found):
    """Says what came of a run; `found` is whether the checker has an objection."""
    text = text[-12_000:]
    if run.finds is None:
        if found:
            raise Failure(f"{part} {run.name}: {run.summary}\n{text}")
        return "holds"
    if not found:
        raise Failure(f"{part} {run.name}: the planted mistake ({run.summary}) was not found")
    match = re.search(run.finds, text)
    if not match:
        raise Failure(f"{part} {run.name}: something other than {run.finds} was found\n{text}")
    return f"found: {match.group()}"


def set_constants(text, constants):
    for name, value in constants.items():
        text, count = re.subn(rf"(?m)^(  {name}: )\d+;", rf"\g<1>{value};", text)
        if count != 1:
            raise Failure(f"the model has no constant {name}")
    return text


def check_murphi(wanted):
    for run in wanted(runs.MURPHI, runs.MURPHI_LARGE):
        folder = WORK / "murphi" / run.name
        folder.mkdir(parents=True, exist_ok=True)
        model = (HERE / "Murphi" / "Raft.m").read_text()
        (folder / "Raft.m").write_text(set_constants(model, run.constants))
        prepare(
            ["rumur", "--threads", "2", "--symmetry-reduction", "heuristic", "--deadlock-detection", "off",
             "Raft.m", "--output", "checker.c"], folder)
        prepare(["cc", "-std=c11", "-O2", "-mcx16", "-w", "checker.c", "-o", "checker", "-lpthread", "-latomic"],
                folder)
        text, status, seconds, memory = execute(["./checker"], folder)
        figures = re.search(r"(\d+) states, (\d+) rules fired", text)
        if not figures or status not in (0, 1):
            raise Failure(f"murphi {run.name}: the checker ended with {status}\n{text[-2000:]}")
        outcome = judge("murphi", run, text, status == 1)
        states, rules = (int(n) for n in figures.groups())
        tell("murphi", run, f"{states:,} states, {rules:,} steps", seconds, memory, outcome)


def check_promela(wanted):
    for run in wanted(runs.PROMELA, []):
        folder = WORK / "promela" / run.name
        folder.mkdir(parents=True, exist_ok=True)
        defines = [f"-D{name}={value}" for name, value in run.constants.items()]
        prepare(["spin", *defines, "-a", str(HERE / "Promela" / "Election.pml")], folder)
        prepare(["cc", "-O2", "-w", "-o", "pan", "pan.c"], folder)
        # -a -f: cycles in which each process that can go on does so at some time.
        text, _, seconds, memory = execute(["./pan", "-a", "-f", "-m1000000"], folder)
        states = re.search(r"(\d+) states, stored", text)
        steps = re.search(r"(\d+) transitions", text)
        errors = re.search(r"errors: (\d+)", text)
        if not (states and steps and errors):
            raise Failure(f"promela {run.name}: the checker did not end well\n{text[-2000:]}")
        outcome = judge("promela", run, text, errors.group(1) != "0")
        if not run.finds and "max search depth too small" in text:
            raise Failure(f"promela {run.name}: not everything was visited")
        figures = f"{int(states.group(1)):,} states, {int(steps.group(1)):,} steps"
        tell("promela", run, figures, seconds, memory, outcome)


def check_map(_):
    faults = action_map.faults()
    if faults:
        raise Failure("\n".join(faults))
    print(f"map      {action_map.describe()}")


def check_tla(_):
    """In the environment that has the parser: see Makefile."""
    if not TLA_PYTHON.exists():
        raise Failure(f"there is no {TLA_PYTHON.relative_to(HERE.parent)}: run `make setup`")
    WORK.mkdir(parents=True, exist_ok=True)
    text, status, seconds, _ = execute([TLA_PYTHON, HERE / "tla_lint.py"], WORK)
    if status != 0:
        raise Failure(f"tla: {text}")
    print(f"tla      {text.strip()} ({seconds:.1f} s)", flush=True)


PARTS = {"map": check_map, "tla": check_tla, "murphi": check_murphi, "promela": check_promela}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--run", metavar="NAME", action="append", help="these runs, also large ones")
    parser.add_argument("--large", action="store_true", help="and what takes minutes")
    arguments = parser.parse_args()

    def wanted(short, large):
        if arguments.run:
            return [run for run in short + large if run.name in arguments.run]
        return short + (large if arguments.large else [])

    try:
        for name, check in PARTS.items():
            if not arguments.only or name in arguments.only:
                check(wanted)
    except Failure as failure:
        print(f"specs: FAILED: {failure}")
        return 1
    print("specs: all hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
