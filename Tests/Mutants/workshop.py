"""The copy of the sources in which all mutants sleep, built once."""

import pathlib
import re
import subprocess

from mutant import MutantError

# The switch, one a mutated module. Nobody but this copy has it.
SWITCH = """internal import Glibc

/// Which mistake this process makes, from its environment: the number of a name, or 0 for none.
enum Mutant {{
    static let active: Int = {{
        guard let name = unsafe getenv("MUTANT") else {{ return 0 }}
        guard let place = unsafe names.firstIndex(of: String(cString: name)) else {{
            fatalError("no such mutant")
        }}
        return place
    }}()

    private static let names = [
        "",
{names}
    ]
}}
"""

# The copy needs the tests that catch, and what they are made of.
KEPT = ["raft-lab", "RaftTests", "RaftRuntimeTests", "RaftStorageTests", "RaftTransportTests"]

TRIM = """
// Appended by Tests/Mutants: this copy holds only what the mutants and their catchers need.
var kept: Set<String> = [{names}]
var isComplete = false
while !isComplete {{
    isComplete = true
    for target in package.targets where kept.contains(target.name) {{
        for case .byNameItem(let name, _) in target.dependencies where !kept.contains(name) {{
            kept.insert(name)
            isComplete = false
        }}
    }}
}}
package.targets.removeAll {{ !kept.contains($0.name) }}
package.products.removeAll {{ $0.name != "raft-lab" }}
"""


class Workshop:
    """A folder with the patched sources and what was built from them."""

    def __init__(self, repository, folder):
        self.repository = repository
        self.folder = folder

    @property
    def products(self):
        return self.folder / ".build" / "release"

    def check(self, mutants):
        """Sees that all mutants fit the sources; writes nothing."""
        self._patched(self._sources(), mutants)

    def fill(self, mutants):
        """Writes the sources with all mutants in them, touching only files that change."""
        contents = self._sources()
        contents.update(self._patched(contents, mutants))
        contents["Package.swift"] = self._package(contents["Package.swift"].decode()).encode()
        self._write(contents)

    def _sources(self):
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--",
             "Package.swift", "Sources", "Tests"],
            cwd=self.repository, check=True, capture_output=True)
        paths = [path for path in listing.stdout.decode().split("\0") if path]
        return {
            path: (self.repository / path).read_bytes()
            for path in paths if (self.repository / path).is_file()
        }

    def _patched(self, contents, mutants):
        paths = {edit.path for mutant in mutants for edit in mutant.edits}
        missing = paths - contents.keys()
        if missing:
            raise MutantError(f"mutants change {sorted(missing)}, which are not there")
        originals = {path: contents[path].decode() for path in paths}
        texts = dict(originals)
        errors = []
        for number, mutant in enumerate(mutants, start=1):
            try:
                mutant.apply(originals, texts, number)
            except MutantError as error:
                errors.append(str(error))
        if errors:
            raise MutantError("mutants do not apply:\n  " + "\n  ".join(errors))
        names = "\n".join(f'        "{mutant.name}",' for mutant in mutants)
        for module in {path.split("/")[1] for path in paths}:
            texts[f"Sources/{module}/Mutant.swift"] = SWITCH.format(names=names)
        return {path: text.encode() for path, text in texts.items()}

    def _package(self, text):
        # A mistake that leaves a variable unused is no reason not to build.
        text = re.sub(r"^.*\.treatAllWarnings\(as: \.error\),\n", "", text, flags=re.MULTILINE)
        return text + TRIM.format(names=", ".join(f'"{name}"' for name in KEPT))

    def _write(self, contents):
        for path, content in contents.items():
            target = self.folder / path
            if not target.is_file() or target.read_bytes() != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        for top in ("Sources", "Tests"):
            for file in (self.folder / top).rglob("*"):
                if file.is_file() and str(file.relative_to(self.folder)) not in contents:
                    file.unlink()

    def build(self):
        # Fast, and with the insides open to tests; what is built here is thrown away.
        subprocess.run(
            ["swift", "build", "-c", "release", "--build-tests", "-Xswiftc", "-enable-testing"],
            cwd=self.folder, check=True)
