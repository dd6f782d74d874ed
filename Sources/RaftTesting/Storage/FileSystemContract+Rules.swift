internal import RaftStorage

// What a file system must do, seen by one process that does not die.

extension FileSystemContract {
    var rules: [Rule] { rulesOfDirectories + rulesOfNames + rulesOfContents }

    private var rulesOfDirectories: [Rule] {
        [
            Rule(name: "directories") { bench in
                try bench.expect(.notFound, "listing a directory that is not there") {
                    () throws(StorageError) in _ = try bench.files.list(bench.directory)
                }
                try bench.files.createDirectory(bench.directory)
                try bench.files.createDirectory(bench.directory)
                try bench.expect(bench.files.list(bench.directory), [], "a new directory")
                try bench.files.createDirectory(bench.path("inner"))
                for name in ["c", "a", "b"] { try bench.make(name, [1]).close() }
                try bench.expect(
                    bench.files.list(bench.directory), ["a", "b", "c", "inner"],
                    "the names in a directory, sorted")
            },
            Rule(name: "moving-directories") { bench in
                try bench.files.createDirectory(bench.directory)
                try bench.files.createDirectory(bench.path("old"))
                try bench.make("old/a", [1]).close()
                try bench.files.rename(bench.path("old"), to: bench.path("new"))
                try bench.expect(bench.files.list(bench.directory), ["new"], "a directory renamed")
                try bench.expect(bench.bytes("new/a"), [1], "a file in it")
                try bench.expectRefusal("removing a directory with a file in it") {
                    () throws(StorageError) in
                    try bench.files.removeDirectory(bench.path("new"))
                }
                try bench.files.remove(bench.path("new/a"))
                try bench.files.removeDirectory(bench.path("new"))
                try bench.expect(bench.files.list(bench.directory), [], "a directory removed")
                try bench.expect(.notFound, "removing a directory that is not there") {
                    () throws(StorageError) in
                    try bench.files.removeDirectory(bench.path("new"))
                }
            },
        ]
    }

    private var rulesOfNames: [Rule] {
        [
            Rule(name: "opening") { bench in
                try bench.make("there", [7, 8]).close()
                for path in ["absent", "no-directory/absent"].map(bench.path) {
                    try bench.expect(.notFound, "opening what is not there") {
                        () throws(StorageError) in _ = try bench.files.open(path, create: false)
                    }
                    try bench.expect(.notFound, "opening what is not there for reading") {
                        () throws(StorageError) in _ = try bench.files.openForReading(path)
                    }
                }
                try bench.expect(bench.files.list(bench.directory), ["there"], "nothing was made")
                let again = try bench.files.open(bench.path("there"), create: true)
                try bench.expect(again.read(9, at: 0), [7, 8], "a file opened with `create`")
                let reader = try bench.files.openForReading(bench.path("there"))
                try bench.expectRefusal("writing to a file opened for reading") {
                    () throws(StorageError) in try reader.put([1], at: 0)
                }
                try bench.expect(bench.bytes("there"), [7, 8], "a file opened for reading")
            },
            Rule(name: "renaming") { bench in
                let file = try bench.make("old", [1])
                try bench.make("new", [2, 2]).close()
                try bench.files.rename(bench.path("old"), to: bench.path("new"))
                try bench.expect(bench.files.list(bench.directory), ["new"], "names after a rename")
                try bench.expect(bench.bytes("new"), [1], "the file that was renamed")
                try file.put([3], at: 1)
                try bench.expect(bench.bytes("new"), [1, 3], "a handle survives the rename")
                try bench.expect(.notFound, "renaming what is not there") {
                    () throws(StorageError) in
                    try bench.files.rename(bench.path("old"), to: bench.path("other"))
                }
            },
            Rule(name: "removing") { bench in
                let file = try bench.make("a", [1, 2])
                try bench.files.remove(bench.path("a"))
                try bench.expect(bench.files.list(bench.directory), [], "names after a removal")
                try bench.expect(file.read(2, at: 0), [1, 2], "a handle survives the removal")
                try bench.expect(.notFound, "removing what is not there") {
                    () throws(StorageError) in try bench.files.remove(bench.path("a"))
                }
                try bench.make("a", [9]).close()
                try bench.expect(bench.bytes("a"), [9], "a new file under a removed name")
                try bench.expect(file.read(2, at: 0), [1, 2], "and the removed one beside it")
            },
        ]
    }

    private var rulesOfContents: [Rule] {
        [
            Rule(name: "reading") { bench in
                let file = try bench.make("a", [1, 2, 3])
                try bench.expect(file.read(2, at: 1), [2, 3], "a part")
                try bench.expect(file.read(9, at: 1), [2, 3], "a part that ends with the file")
                try bench.expect(file.read(9, at: 3), [], "behind the end")
                try bench.expect(file.read(9, at: 1 << 40), [], "far behind the end")
                try bench.expect(file.read(0, at: 0), [], "nothing")
            },
            Rule(name: "writing") { bench in
                let file = try bench.make("a", [1, 2, 3])
                try file.put([9], at: 1)
                try bench.expect(bench.bytes("a"), [1, 9, 3], "a write in the middle")
                try file.put([5], at: 5)
                try bench.expect(bench.bytes("a"), [1, 9, 3, 0, 0, 5], "a write behind the end")
                try file.put([], at: 0)
                try bench.expect(file.size(), 6, "a write of nothing")
                let other = try bench.files.open(bench.path("a"), create: false)
                try other.put([4], at: 0)
                try bench.expect(file.read(1, at: 0), [4], "a write through another handle")
                let runs: [[UInt8]] = [[1, 2], [], [3]]
                for (i, j, k) in [(0, 1, 2), (1, 0, 2), (2, 0, 1)] {
                    let (a, b, c) = (runs[i], runs[j], runs[k])
                    try file.write(a.span, b.span, c.span, at: 2)
                    try bench.expect(
                        file.read(4, at: 2), a + b + c + [5], "three runs written together")
                }
                let large = [UInt8](repeating: 0xA5, count: 300_000)
                try file.put(large, at: 100_000)
                try bench.expect(file.size(), 400_000, "the size after a large write")
                try bench.expect(file.read(300_000, at: 100_000), large, "a large write")
            },
            Rule(name: "sizes") { bench in
                let file = try bench.make("a", [1, 2, 3])
                try file.truncate(to: 1)
                try bench.expect(bench.bytes("a"), [1], "a file made smaller")
                try file.truncate(to: 4)
                try bench.expect(bench.bytes("a"), [1, 0, 0, 0], "a file made larger")
                try file.allocate(6)
                try bench.expect(bench.bytes("a"), [1, 0, 0, 0, 0, 0], "a file with more room")
                try file.allocate(2)
                try bench.expect(file.size(), 6, "room is not taken away")
            },
            Rule(name: "syncing") { bench in
                let file = try bench.make("a", [1])
                try file.sync()
                try bench.files.syncDirectory(bench.directory)
                try file.sync()
                try bench.expect(bench.bytes("a"), [1], "a synced file")
                file.close()
            },
        ]
    }

    /// What must be there after a crash: all that was synced, and nothing that never was.
    var rulesOfCrashes: [Rule] {
        [
            Rule(name: "crash-contents") { bench in
                let file = try bench.make("a", [1, 2, 3])
                try file.allocate(8)
                try file.sync()
                try bench.files.syncDirectory(bench.directory)
                try bench.syncAncestors()
                try file.put([9, 9], at: 1)
                crash?()
                let found = try bench.bytes("a")
                try bench.expect(found.count, 8, "the size that was synced")
                try bench.expect(found[0], 1, "a byte that was synced and not touched since")
                // Two bytes in one sector: each is the old or the new one.
                let isOld = zip(found[1...2], [2, 3] as [UInt8]).allSatisfy { $0 == $1 || $0 == 9 }
                try bench.expect(isOld, true, "bytes \(found) that were written and not synced")
            },
            Rule(name: "crash-names") { bench in
                try bench.make("kept", [1]).sync()
                try bench.make("removed", [2]).sync()
                try bench.make("renamed", [3]).sync()
                try bench.files.syncDirectory(bench.directory)
                try bench.syncAncestors()
                try bench.files.remove(bench.path("removed"))
                try bench.files.rename(bench.path("renamed"), to: bench.path("new"))
                try bench.files.syncDirectory(bench.directory)
                crash?()
                try bench.expect(
                    bench.files.list(bench.directory), ["kept", "new"], "names that were synced")
                try bench.expect(bench.bytes("new"), [3], "a renamed file")
            },
        ]
    }
}

extension FileSystemContract.Bench {
    /// Makes the directory's own name durable.
    fileprivate func syncAncestors() throws {
        guard let slash = directory.lastIndex(of: "/"), slash != directory.startIndex else {
            return try files.syncDirectory("/")
        }
        try files.syncDirectory(String(directory[..<slash]))
    }
}

extension StorageFile {
    fileprivate func put(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        try write(bytes.span, at: offset)
    }
}
