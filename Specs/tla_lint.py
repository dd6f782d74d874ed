"""Parses every TLA+ file with the PyPI package `tla`, and each once more with a bracket taken out.

A parser that takes the damaged ones proves nothing of the others. It looks at the grammar only: names that are not
defined are for a checker to find.
"""

import contextlib
import io
import pathlib
import sys

import tla

HERE = pathlib.Path(__file__).resolve().parent


def is_accepted(text):
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells its whole stack
            return tla.parse(text) is not None
    except Exception:  # the parser raises whatever it trips over
        return False


def main():
    files = sorted((HERE / "TLA").glob("*.tla"))
    faults = [] if files else ["there are no files"]
    for path in files:
        text = path.read_text()
        if not is_accepted(text):
            faults.append(f"{path.name} is not accepted")
            continue
        # Behind the last comment: what is in comments does not count.
        for bracket in ")}]":
            place = text.rfind(bracket, text.rfind("*)") + 2)
            if place >= 0 and "\\*" not in text[text.rfind("\n", 0, place):place]:
                if is_accepted(text[:place] + text[place + 1:]):
                    faults.append(f"{path.name} is accepted without its last {bracket}")
        if is_accepted(text.replace(" ==\n", " =\n", 1)):
            faults.append(f"{path.name} is accepted with = for == in its first definition")
    for fault in faults:
        print(fault)
    print(f"{len(files)} modules are accepted, and none of them damaged" if not faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
