"""Plants known mistakes into a copy of the sources and sees that each is noticed.

See README.md. Ends with 0 when all are caught, 1 when one survives, 2 when it could not tell.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import sys
import threading
import time

import catchers
import mutant
import table
import workshop

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="patterns of names, as 'row-14*'; default all")
    parser.add_argument("--full", action="store_true", help="run all catchers on each mutant")
    parser.add_argument("--check", action="store_true",
                        help="only see that all fit the sources; builds and runs nothing")
    parser.add_argument("--one-a-row", action="store_true", help="take the first of each row only")
    parser.add_argument("--table", action="store_true", help="write the table in README.md anew")
    parser.add_argument("--no-build", action="store_true", help="take what is built already")
    parser.add_argument("--folder", type=pathlib.Path,
                        default=REPOSITORY / ".build" / "mutants" / "copy")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def chosen(mutants, patterns, one_a_row):
    if one_a_row:
        rows = [m.row for m in mutants]
        mutants = [m for i, m in enumerate(mutants) if m.row not in rows[:i]]
    if not patterns:
        return mutants
    found = [m for m in mutants if any(fnmatch.fnmatch(m.name, p) for p in patterns)]
    if not found:
        raise mutant.MutantError(f"no mutant is called {' or '.join(patterns)}")
    return found


def check_baseline(shop):
    """Without a mistake nothing may be noticed; also shows what each catcher costs."""
    holds = True
    for catcher in catchers.CATCHERS:
        verdict = catcher.run(shop, None)
        if verdict.finding:
            print(f"without a mistake, {catcher.name} says: {verdict.finding}")
            holds = False
        else:
            print(f"without a mistake, {catcher.name} takes {verdict.seconds:.1f} s", flush=True)
    return holds


def examine(shop, one, full):
    """The verdicts on one mutant, up to the first catch or of all catchers."""
    verdicts = []
    for catcher in catchers.CATCHERS:
        if not catcher.concerns(one):
            continue
        verdict = catcher.run(shop, one.name)
        verdicts.append(verdict)
        if verdict.caught and not full:
            break
    return verdicts


def report(one, verdicts):
    caught = [v for v in verdicts if v.caught]
    late = [v.catcher for v in verdicts if v.timed_out]
    if caught:
        first = caught[0]
        others = "".join(f", {v.catcher}" for v in caught[1:])
        print(f"caught   {one.name}: {first.catcher}{others}, {first.seconds:.1f} s: "
              f"{table.shortened(first.finding)}", flush=True)
    else:
        note = f"; ended by the time limit: {', '.join(late)}" if late else ""
        print(f"SURVIVES {one.name}: {one.mistake}{note}", flush=True)


def examine_all(shop, mutants, full, jobs):
    results = {}
    printing = threading.Lock()

    def work(one):
        verdicts = examine(shop, one, full)
        with printing:
            results[one.name] = verdicts
            report(one, verdicts)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(work, mutants))
    return results


def main():
    options = arguments()
    start = time.monotonic()
    try:
        everything = mutant.read_all(HERE)
        wanted = chosen(everything, options.names, options.one_a_row)
        shop = workshop.Workshop(REPOSITORY, options.folder)
        if options.check:
            shop.check(everything)
            print(f"{len(everything)} mutants fit the sources")
            return 0
        if not options.no_build:
            shop.fill(everything)
            shop.build()
        print(f"{len(everything)} mutants built after {time.monotonic() - start:.0f} s", flush=True)
    except mutant.MutantError as error:
        print(error)
        return 2
    if not check_baseline(shop):
        return 2
    results = examine_all(shop, wanted, options.full, options.jobs)
    survivors = [m for m in wanted if not any(v.caught for v in results[m.name])]
    if options.table:
        table.write(HERE / "README.md", everything, results)
    print(f"{len(wanted)} mutants, {len(survivors)} survive; {time.monotonic() - start:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
