internal import Testing

@testable internal import Platform

/// Makes a directory for a test and removes it afterwards.
func withDirectory(_ body: (String) throws -> Void) throws {
    let path = try Directory.makeTemporary(prefix: "muster-test")
    defer { #expect(throws: Never.self) { try Directory.removeTree(path) } }
    try body(path)
}

@Suite struct FileTests {
    @Test(arguments: 0..<5)
    func `a file agrees with an array`(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        try withDirectory { directory in
            let file = try File("\(directory)/file", .readWrite, create: .always)
            var twin: [UInt8] = []
            func grow(to size: Int) {
                if twin.count < size { twin += Array(repeating: 0, count: size - twin.count) }
            }
            for _ in 0..<200 {
                let offset = Int.random(in: 0..<3_000, using: &random)
                let count = Int.random(in: 0..<500, using: &random)
                switch Int.random(in: 0..<7, using: &random) {
                case 0, 1:
                    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                    try file.write(bytes.span, at: UInt64(offset))
                    if count > 0 { grow(to: offset + count) }
                    twin.replaceSubrange(
                        min(offset, twin.count)..<min(offset + count, twin.count), with: bytes)
                case 6:
                    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                    let first = Int.random(in: 0...count, using: &random)
                    let second = Int.random(in: first...count, using: &random)
                    try file.write(
                        bytes.span.extracting(..<first), bytes.span.extracting(first..<second),
                        bytes.span.extracting(second...), at: UInt64(offset))
                    if count > 0 { grow(to: offset + count) }
                    twin.replaceSubrange(
                        min(offset, twin.count)..<min(offset + count, twin.count), with: bytes)
                case 2:
                    try file.truncate(to: UInt64(offset))
                    grow(to: offset)
                    twin.removeSubrange(offset...)
                case 3:
                    try file.reserve(UInt64(offset))
                    grow(to: offset)
                case 4:
                    try file.prewrite(UInt64(offset))
                    grow(to: offset)
                default:
                    let bytes = try file.read(count, at: UInt64(offset))
                    let expected = Array(twin.dropFirst(offset).prefix(count))
                    #expect(bytes == expected)
                }
                #expect(try file.size() == UInt64(twin.count))
            }
            try file.syncData()
            try file.sync()
        }
    }

    @Test func `of three runs what the system did not take is written`() throws {
        try withDirectory { directory in
            let runs: [[UInt8]] = [[1, 2, 3], [], [4, 5], [6]]
            for taken in 0...6 {
                let file = try File("\(directory)/\(taken)", .readWrite, create: .always)
                var rest = File.Rest(skipped: taken, place: 2)
                for run in runs { try file.write(run.span, after: &rest) }
                let zeros = [UInt8](repeating: 0, count: 2 + taken)
                let written = zeros + [1, 2, 3, 4, 5, 6][taken...]
                #expect(try file.read(10, at: 0) == (taken == 6 ? [] : written))
            }
        }
    }

    @Test func `an absurd position or length is an error or the end, never a trap`() throws {
        try withDirectory { directory in
            let file = try File("\(directory)/file", .readWrite, create: .always)
            #expect(try file.read(.max, at: 0) == [])
            #expect(try file.read(-1, at: 0) == [])
            #expect(throws: SystemError.self) { _ = try file.read(1, at: .max) }
            #expect(throws: SystemError.self) { try file.write([1].span, at: .max) }
            #expect(throws: SystemError.self) {
                try file.write([1, 2].span, at: UInt64(Int64.max))
            }
            #expect(throws: SystemError.self) { try file.truncate(to: .max) }
            #expect(throws: SystemError.self) { try file.reserve(.max) }
        }
    }

    @Test func `opening says what is missing or in the way`() throws {
        try withDirectory { directory in
            let path = "\(directory)/file"
            let missing = #expect(throws: SystemError.self) { _ = try File(path, .readOnly) }
            #expect(missing?.description == "cannot open \(path): No such file or directory")
            _ = try File(path, .readWrite, create: .ifMissing)
            _ = try File(path, .readWrite, create: .ifMissing)
            let present = #expect(throws: SystemError.self) {
                _ = try File(path, .readWrite, create: .always)
            }
            #expect(present?.text == "File exists")
            let file = try File(path, .readOnly)
            #expect(throws: SystemError.self) { try file.write([1].span, at: 0) }
        }
    }

    @Test func `directories are made, listed in order, renamed within and removed`() throws {
        try withDirectory { directory in
            let deep = "\(directory)/a/b/c"
            try Directory.create(deep)
            try Directory.create(deep)
            for name in ["z", "ä", "10", "9"] {
                _ = try File("\(deep)/\(name)", .readWrite, create: .always)
            }
            try File.rename("\(deep)/z", to: "\(deep)/a")
            try File.remove("\(deep)/9")
            try Directory.sync(deep)
            #expect(try Directory.list(deep) == ["10", "a", "ä"])
            #expect(File.exists("\(deep)/a") && !File.exists("\(deep)/z"))
            #expect(throws: SystemError.self) { try Directory.create("\(deep)/a") }
            #expect(throws: SystemError.self) { try Directory.create("\(deep)/a/b") }
            #expect(throws: SystemError.self) { _ = try Directory.list("\(directory)/none") }
            #expect(throws: SystemError.self) { try Directory.sync("\(directory)/none") }
            #expect(try Directory.freeBytes(directory) > 0)
        }
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a/b/", "/a"), ("/a", "/"), ("/", "/"), ("a", ""), ("a/b", "a"),
    ])
    func `the parent of a path is found`(path: String, parent: String) {
        #expect(Directory.parent(of: path) == parent)
    }

    @Test func `a second lock on a directory is refused and names the holder`() throws {
        try withDirectory { directory in
            do {
                let first = try DirectoryLock(directory)
                let error = #expect(throws: SystemError.self) { _ = try DirectoryLock(directory) }
                #expect(
                    error?.description
                        == "cannot lock \(directory): in use by another process"
                        + " (pid \(CurrentProcess.pid))")
                withExtendedLifetime(first) {}
            }
            _ = try DirectoryLock(directory)
        }
    }
}
