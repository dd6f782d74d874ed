"""A small test runner: groups side by side, the cases of a group one after the other.

A case is a function that takes the group's cluster and returns nothing, or a line worth printing. One that cannot be
run on this machine raises `NotRun`; it does not count as passed, and the closing line says how many there are.
Cases marked `overlapping` run all at once, before the others of their group: they spend their time
waiting, and would take minutes in a row.
"""

import threading
import time
import traceback

_printing = threading.Lock()


class NotRun(Exception):
    """Why a case cannot be run here."""


def overlapping(case):
    case.overlaps = True
    return case


class Group:
    def __init__(self, name, cases, make_cluster):
        self.name = name
        self.cases = cases
        self.make_cluster = make_cluster
        self.passed = 0
        self.failed = 0
        self.not_run = 0
        self._counting = threading.Lock()

    def run(self):
        cluster = self.make_cluster()
        try:
            if not self._run_case("the cluster starts", cluster.start):
                self.failed += len(self.cases)
                print_block(f"the other {len(self.cases)} cases of {self.name} were not run")
            else:
                self._run_cases(cluster)
            if self.failed:
                print_block(cluster.logs())
        finally:
            cluster.remove()

    def _run_cases(self, cluster):
        def runs(case):
            return lambda: case(cluster)

        side_by_side = [case for case in self.cases if getattr(case, "overlaps", False)]
        threads = [
            threading.Thread(target=self._run_case, args=(title(case), runs(case)))
            for case in side_by_side
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for case in self.cases:
            if case not in side_by_side:
                self._run_case(title(case), runs(case))

    def _run_case(self, name, run):
        start = time.monotonic()
        try:
            remark = run()
        except NotRun as reason:
            with self._counting:
                self.not_run += 1
            print_block(f"NOT RUN  {self.name}: {name}: {reason}")
            return True
        except Exception:
            with self._counting:
                self.failed += 1
            print_block(f"FAIL  {self.name}: {name}\n{traceback.format_exc()}")
            return False
        with self._counting:
            self.passed += 1
        seconds = time.monotonic() - start
        extra = f" — {remark}" if isinstance(remark, str) else ""
        print_block(f"ok    {self.name}: {name} ({seconds:.1f} s){extra}")
        return True


def title(case):
    return case.__name__.replace("_", " ")


def print_block(text):
    with _printing:
        print(text, flush=True)


def run_phases(phases):
    """Runs the groups of a phase at once, and the phases in order.

    Prints the closing line and gives the exit status.
    """
    start = time.monotonic()
    for phase in phases:
        threads = [threading.Thread(target=group.run, daemon=True) for group in phase]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    groups = [group for phase in phases for group in phase]
    passed = sum(group.passed for group in groups)
    failed = sum(group.failed for group in groups)
    not_run = sum(group.not_run for group in groups)
    left_out = f", {not_run} NOT RUN" if not_run else ""
    print(f"end to end: {passed} passed, {failed} failed{left_out} in {time.monotonic() - start:.0f} s")
    return 1 if failed or not passed else 0
