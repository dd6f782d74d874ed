"""What may notice a mistake: suites of tests, stories, the explorer, schedules, the simulator."""

import dataclasses
import os
import re
import subprocess
import time


@dataclasses.dataclass
class Verdict:
    """What came of one catcher on one mutant."""

    catcher: str
    seconds: float
    # What noticed, in a few words; empty when all held.
    finding: str = ""
    # The script had to end it: that says nothing about the mistake.
    timed_out: bool = False

    @property
    def caught(self):
        return bool(self.finding) and not self.timed_out


class Catcher:
    """A command that succeeds on sources without a mistake."""

    def __init__(self, name, seconds, command, environment=None, modules=None):
        self.name = name
        self.seconds = seconds
        self.command = command
        self.environment = environment or {}
        # The modules in which it can notice anything; none named: in all.
        self.modules = modules

    def concerns(self, mutant):
        return self.modules is None or bool(set(self.modules) & set(mutant.modules))

    def run(self, workshop, mutant_name):
        environment = dict(os.environ, **self.environment)
        environment.pop("MUTANT", None)
        if mutant_name:
            environment["MUTANT"] = mutant_name
        command = [word.format(products=workshop.products) for word in self.command]
        start = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=workshop.folder, env=environment, timeout=self.seconds,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        except subprocess.TimeoutExpired:
            return Verdict(self.name, time.monotonic() - start, "took too long", timed_out=True)
        seconds = time.monotonic() - start
        if done.returncode == 0:
            return Verdict(self.name, seconds)
        return Verdict(self.name, seconds, describe(done.stdout, done.returncode))


def describe(output, status):
    """The first thing in a failed run's output that says what was found."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", output)
    patterns = (
        # Broken invariants of the core or the store end the process.
        (r"Fatal error: ([^\n]+)", "trap: {0}"),
        (r"RAFT_SEED=(\d+) breaks: ([^\n]+)", "seed {0}: {1}"),
        (r"FAILED (.*?) \| replay: raft-lab simulate --seeds '(\d+)\.\.<\d+'", "seed {1}: {0}"),
        (r"Test \"?(.+?)\"? recorded an issue", "{0}"),
        (r"FAILED ([^\n]+)", "{0}"),
    )
    if "  BROKEN: " in text:
        return describe_exploration(text)
    stories = re.findall(r"recorded an issue with 1 argument name → \"([^\"]+)\.txt\"", text)
    if stories:
        others = len(set(stories)) - 1
        return min(stories) + (f" and {others} more" if others else "")
    for pattern, form in patterns:
        found = re.search(pattern, text)
        if found:
            return form.format(*found.groups())
    if status < 0:
        return f"the process died of signal {-status}"
    last = [line for line in text.splitlines() if line.strip()][-1:]
    return f"status {status}: {last[0] if last else 'no word'}"


def describe_exploration(text):
    """The preset that broke, how deep it had looked, and how many states it knew."""
    before, _, after = text.partition("  BROKEN: ")
    preset = re.findall(r"^(\S+): terms", before, flags=re.MULTILINE)[-1:]
    size = re.findall(r"(\d+) states, .*depth (\d+)", before)[-1:]
    place = "".join(preset) + "".join(f", depth {depth}, {states} states" for states, depth in size)
    return f"{place}: {after.splitlines()[0]}"


TESTS = "{products}/musterPackageTests.xctest"


def suites(name, seconds, pattern, skip=None, modules=None, environment=None):
    command = [TESTS, "--testing-library", "swift-testing", "--filter", pattern]
    if skip:
        command += ["--skip", skip]
    return Catcher(name, seconds, command, environment, modules)


def simulator(seeds, seconds, *options):
    command = ["{products}/raft-lab", "simulate", "--seeds", f"0..<{seeds}", *options]
    return Catcher("simulator", seconds, command)


def explorer(states, seconds):
    command = ["{products}/raft-lab", "explore", "--limit", str(states)]
    return Catcher("explorer", seconds, command, modules=CORE)


CORE = ["Raft"]
HOST = ["RaftRuntime", "RaftStorage", "RaftTransport", "RaftFormat", "Wire"]

# The cheapest first. A time limit is many times what a run without a mistake takes.
CATCHERS = [
    suites("stories", 60, "^RaftTests.ScriptTests", modules=CORE),
    suites("properties", 60, "^RaftTests", "ScriptTests|ScheduleTests", CORE),
    suites("schedules", 120, "^RaftTests.ScheduleTests", modules=CORE,
           environment={"RAFT_SEEDS": "1000"}),
    explorer(200_000, 180),
    suites("parts", 120, "^(RaftStorage|RaftTransport|RaftRuntime)Tests", "SimulationTests",
           HOST),
    simulator(60, 180),
]
