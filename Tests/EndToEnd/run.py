"""Drives real clusters of `muster serve` with plain HTTP and with the stock Nacos client.

Needs nacos-sdk-python 1.0.0, which `make setup` puts into a virtual environment.
"""

import argparse
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import cases_client
import cases_faults
import cases_http
import cases_processes
import runner
from cluster import Cluster


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--muster", required=True, help="the executable under test")
    parser.add_argument("--only", default="", help="run the cases whose name contains this text")
    options = parser.parse_args()
    muster = os.path.abspath(options.muster)
    with tempfile.TemporaryDirectory(prefix="muster-e2e-client-") as folder:
        cases_client.log_folder = folder
        groups = [
            ("http", cases_http.CASES + cases_client.CASES, {}),
            # Frequent snapshots, so that restarts begin with one.
            ("faults", cases_faults.CASES, {"snapshot-entries": "200"}),
            ("processes", cases_processes.CASES, {}),
        ]
        chosen = []
        for name, cases, settings in groups:
            wanted = [case for case in cases if options.only in runner.title(case)]
            if wanted:
                chosen.append(
                    runner.Group(name, wanted, lambda settings=settings: Cluster(muster, **settings))
                )
        return runner.run_groups(chosen)


if __name__ == "__main__":
    sys.exit(main())
