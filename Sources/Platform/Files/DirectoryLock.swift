/// Keeps other processes out of a data directory for as long as it lives.
///
/// The lock is the kernel's, on a file named `LOCK`, and is gone with the process however it ends. The
/// file itself stays behind and means nothing; it holds the number of the process for people to read.
package final class DirectoryLock: Sendable {
    private let file: File

    /// Takes the lock.
    /// - Throws: `SystemError`; its text says `in use by another process`, and which, when it is taken.
    package init(_ directory: String) throws(SystemError) {
        file = try File("\(directory)/LOCK", .readWrite, create: .ifMissing)
        guard try file.tryLock() else {
            let holder = Self.holder(in: file).map { " (pid \($0))" } ?? ""
            throw SystemError("lock", directory, text: "in use by another process\(holder)")
        }
        try file.truncate(to: 0)
        try file.write(Array("\(CurrentProcess.pid)\n".utf8).span, at: 0)
    }

    private static func holder(in file: File) -> Int32? {
        guard let bytes = try? file.read(16, at: 0) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
