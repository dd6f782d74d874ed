"""A mutant file, read and applied. The format is described in README.md."""

import re


class MutantError(Exception):
    """A mutant that says nothing sensible, or that the sources no longer fit."""


class Edit:
    """One place in one file, found by its words and replaced."""

    def __init__(self, path, find, replace):
        self.path = path
        self.find = find
        self.replace = replace


class Mutant:
    """A mistake that can be switched on."""

    FIELDS = ("row", "mistake", "seen", "file")

    def __init__(self, path):
        self.name = path.stem
        self.edits = []
        head, *blocks = re.split(r"^--- find\b", path.read_text(), flags=re.MULTILINE)
        self.fields = self._read_head(head)
        if not blocks:
            raise self.error("changes nothing")
        for block in blocks:
            self._read_block(block)

    def _read_head(self, head):
        fields = {}
        for line in head.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            key, colon, value = line.partition(":")
            if not colon or key not in self.FIELDS:
                raise self.error(f"does not know the line {line!r}")
            fields[key] = value.strip()
        missing = [key for key in ("row", "mistake", "file") if not fields.get(key)]
        if missing:
            raise self.error(f"does not say: {', '.join(missing)}")
        return fields

    def _read_block(self, block):
        first, _, rest = block.partition("\n")
        parts = re.split(r"^\+\+\+ replace[ \t]*\n", rest, flags=re.MULTILINE)
        if len(parts) != 2:
            raise self.error("needs one '+++ replace' after each '--- find'")
        find, replace = (part.strip("\n") for part in parts)
        if not find.split():
            raise self.error("finds nothing")
        if not re.search(r"\bMUTANT\b", replace):
            raise self.error("has a replacement that is not guarded by MUTANT")
        self.edits.append(Edit(first.strip() or self.fields["file"], find, replace))

    def error(self, text):
        return MutantError(f"{self.name} {text}")

    @property
    def row(self):
        return self.fields["row"]

    @property
    def mistake(self):
        return self.fields["mistake"]

    @property
    def modules(self):
        return sorted({edit.path.split("/")[1] for edit in self.edits})

    def apply(self, originals, texts, number):
        """Patches `texts`, by path, in place. What is to be found must stand exactly once in the
        original and exactly once in what earlier mutants have left of it."""
        for edit in self.edits:
            if edit.path not in texts:
                raise self.error(f"changes {edit.path}, which is not there")
            # Spaces and line ends count as equal, so that a new layout of the sources does no harm.
            words = re.compile(r"\s+".join(re.escape(word) for word in edit.find.split()))
            count = len(words.findall(originals[edit.path]))
            if count != 1:
                raise self.error(f"finds its text {count} times in {edit.path}: {edit.find!r}")
            if len(words.findall(texts[edit.path])) != 1:
                raise self.error(
                    f"touches a place in {edit.path} that another mutant has changed: {edit.find!r}")
            switched = re.sub(r"\bMUTANT\b", f"(Mutant.active == {number})", edit.replace)
            texts[edit.path] = words.sub(lambda _: switched, texts[edit.path])


def read_all(folder):
    """All mutants of a folder, in the order of their rows and names."""
    mutants = [Mutant(path) for path in folder.glob("*.mutant")]
    return sorted(mutants, key=lambda mutant: (row_number(mutant.row), mutant.name))


def row_number(row):
    digits = re.match(r"\d+", row)
    return int(digits.group()) if digits else 1000
