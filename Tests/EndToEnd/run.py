"""Drives real clusters of `muster serve` with plain HTTP and with the stock Nacos client.

Needs nacos-sdk-python 1.0.0, which `make setup` puts into a virtual environment.
"""

import argparse
import functools
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import cases_backup
import cases_client
import cases_disk
import cases_faults
import cases_http
import cases_processes
import cases_storm
import runner
from cluster import Cluster


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--muster", required=True, help="the executable under test")
    parser.add_argument("--only", default="", help="run the cases whose name contains this text")
    options = parser.parse_args()
    muster = os.path.abspath(options.muster)
    with tempfile.TemporaryDirectory(prefix="muster-e2e-", ignore_cleanup_errors=True) as folder:
        # Whatever is made for a while is made in here, by the processes under test as well.
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        cases_client.log_folder = os.path.join(folder, "client")
        frequent = {"snapshot-entries": "200"}  # so that restarts begin with a snapshot
        phases = [
            [
                ("http", cases_http.CASES + cases_client.CASES, {}),
                ("faults", cases_faults.CASES, frequent),
                ("processes", cases_processes.CASES, {}),
                ("backup", cases_backup.CASES, {}),
                ("disk", cases_disk.CASES, {}),
            ],
            # Alone, since it leaves no time for the others.
            [("storm", cases_storm.CASES, frequent)],
        ]
        return runner.run_phases([chosen(phase, muster, options.only) for phase in phases])


def chosen(phase, muster, text):
    """The groups of a phase with the cases whose names contain a text."""
    groups = []
    for name, cases, settings in phase:
        wanted = [case for case in cases if text in runner.title(case)]
        make_cluster = functools.partial(Cluster, muster, **settings)
        if wanted:
            groups.append(runner.Group(name, wanted, make_cluster))
    return groups


if __name__ == "__main__":
    sys.exit(main())
