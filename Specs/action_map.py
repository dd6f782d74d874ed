"""Holds the table of README.md against the specifications and the sources: what it names must be there."""

import functools
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def rows():
    """(actions, specification, functions, source) of each row of the tables that map actions."""
    header = re.compile(r"^\| action \| specification \| function \| source \|$")
    row = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$")
    inside = False
    for line in (HERE / "README.md").read_text().splitlines():
        if header.match(line):
            inside = True
        elif inside and (match := row.match(line)):
            cells = [re.findall(r"`([^`]+)`", cell) for cell in match.groups()]
            if cells[0]:
                yield cells
        elif not line.startswith("|"):
            inside = False


def actions(path):
    """The names of the steps of a specification."""
    text = path.read_text()
    if path.suffix == ".m":
        return re.findall(r'^\s*(?:rule|startstate) "(\w+)"', text, re.M)
    if path.suffix == ".pml":
        return re.findall(r"^inline ([A-Z]\w*)\(", text, re.M)  # helpers begin with a small letter
    return tla_actions(text)


def tla_actions(text):
    """What any module's `Next` names, of the definitions of this one."""
    defined = re.findall(r"^([A-Z]\w*)(?:\([^)\n]*\))? ==", text, re.M)
    return [name for name in defined if name in named_in_next()]


@functools.cache
def named_in_next():
    names = set()
    for path in HERE.rglob("*.tla"):
        for body in re.findall(r"^Next ==\n((?:[ \t]+.*\n|\n(?=[ \t]))*)", path.read_text(), re.M):
            names.update(re.findall(r"\b[A-Z]\w*\b", body))
    return names


def specifications():
    return sorted(p for p in HERE.rglob("*") if p.suffix in (".m", ".pml", ".tla"))


def faults():
    found = []
    mapped = {}
    for names, files, functions, sources in rows():
        for file in files:
            path = HERE / file
            if not path.is_file():
                found.append(f"README.md names the specification {file}, which is not there")
                continue
            there = set(actions(path))
            for name in names:
                if name not in there:
                    found.append(f"README.md names the action {name} of {file}, which is not there")
                mapped.setdefault(file, set()).add(name)
        text = ""
        for source in sources:
            path = ROOT / "Sources" / source
            if path.is_file():
                text += path.read_text()
            else:
                found.append(f"README.md names Sources/{source}, which is not there")
        for function in functions:
            if not re.search(rf"\b(?:func|struct|class) {re.escape(function)}\b", text):
                found.append(f"README.md names {function} of {', '.join(sources)}, which is not there")
    for path in specifications():
        file = str(path.relative_to(HERE))
        for name in actions(path):
            if name not in mapped.get(file, set()):
                found.append(f"README.md says nothing of the action {name} of {file}")
    return found


def describe():
    table = list(rows())
    functions = {(f, s) for _, _, fs, ss in table for f in fs for s in ss}
    return f"{sum(len(r[0]) for r in table)} actions stand for {len(functions)} functions that are there"
