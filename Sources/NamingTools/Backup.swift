internal import Nacos
internal import NamingClient
package import Platform
internal import RaftHost
internal import RaftStorage

/// What `muster backup` does: fetches a fresh snapshot from a running cluster and keeps it in a file.
///
/// The bytes go to `FILE.partial` beside the file; it gets its name when it is whole, checked from its first
/// byte to its last, and on the disk. So under that name there never is half a backup, and one that was there
/// before stays until then.
package struct Backup: Equatable, Sendable {
    /// What was fetched, in one line.
    package let summary: String

    /// Fetches a backup, and waits for it.
    ///
    /// - Parameters:
    ///   - server: Any node of the cluster.
    ///   - path: The file.
    ///   - replaces: Whether a file that is there may be replaced.
    ///   - patienceMilliseconds: How long the server may say nothing; it does while it writes its snapshot.
    /// - Throws: `ToolError`.
    package static func fetch(
        from server: Address, to path: String, replaces: Bool, patienceMilliseconds: Int
    ) throws -> Backup {
        guard replaces || !File.exists(path) else {
            throw ToolError("\(path) is there already; --force replaces it")
        }
        let target = try BackupFile(path)
        do {
            try download(from: server, into: target, patienceMilliseconds)
            let snapshot = try target.verify()
            try target.keep()
            return Backup(snapshot, path)
        } catch {
            target.discard()
            throw error as? ToolError ?? ToolError("backup from \(server): \(error)")
        }
    }

    private static func download(
        from server: Address, into target: BackupFile, _ patienceMilliseconds: Int
    ) throws {
        let loop = try EventLoop()
        var result: Result<UInt64, any Error>?
        HTTPDownload.start(
            BackupCall.path, from: server, on: loop, patienceMilliseconds: patienceMilliseconds,
            sink: { try target.append($0) },
            completion: {
                result = $0
                loop.stop()
            })
        loop.run()
        _ = try result?.get()
    }

    private init(_ snapshot: SnapshotInspection, _ path: String) {
        let header = snapshot.header
        summary =
            "\(path): cluster \(header?.cluster ?? ""), everything up to entry "
            + "\(header.map { "\($0.lastIncluded)" } ?? ""), \(snapshot.byteCount) bytes, checked"
    }
}

/// A file on its way in.
private final class BackupFile {
    private let path: String
    private let partialPath: String
    private let file: File
    private var size: UInt64 = 0

    init(_ path: String) throws {
        self.path = path
        partialPath = path + ".partial"
        do throws(SystemError) {
            file = try File(partialPath, .readWrite, create: .ifMissing)
            try file.truncate(to: 0)
        } catch { throw ToolError("\(error)") }
    }

    func append(_ bytes: Span<UInt8>) throws {
        do throws(SystemError) {
            try file.write(bytes, at: size)
        } catch { throw ToolError("\(error)") }
        size += UInt64(bytes.count)
    }

    /// Checks what has come, and that it is a snapshot at all.
    func verify() throws -> SnapshotInspection {
        let snapshot = try SnapshotInspection.inspect(files: RealFileSystem(), path: partialPath)
        if let damage = snapshot.damage {
            throw ToolError("what the server sent is no whole snapshot: \(damage)")
        }
        return snapshot
    }

    /// Makes the bytes durable, then the name.
    func keep() throws {
        do throws(SystemError) {
            try file.sync()
            try File.rename(partialPath, to: path)
            let directory = Directory.parent(of: path)
            try Directory.sync(directory.isEmpty ? "." : directory)
        } catch { throw ToolError("\(error)") }
    }

    /// Removes what has come so far; that this fails too says nothing new.
    func discard() { try? File.remove(partialPath) }
}
