internal import Raft
internal import Wire

/// Reading a snapshot file from its first byte to its last, with every check there is.
struct SnapshotFile<Files: FileSystem> {
    static var pieceBytes: Int { 1 << 20 }

    let path: String
    let file: Files.File
    /// Whose snapshot it must be; nothing takes whoever's it is.
    let cluster: String?

    /// Checks the whole file and says what it is.
    /// - Throws: `StorageError`: `.corrupt`, `.newerVersion`, `.foreign`, or what the system says.
    func verify() throws(StorageError) -> SnapshotInfo {
        try read { _ in }
    }

    /// Checks the whole file and returns its body.
    func body() throws(StorageError) -> [UInt8] {
        var all: [UInt8] = []
        _ = try read { all.append(contentsOf: $0) }
        let header = try header(all)
        all.removeLast(SnapshotFormat.trailerBytes)
        all.removeFirst(header.end)
        return all
    }

    /// Reads the header alone.
    func header() throws(StorageError) -> SnapshotFormat.Header {
        try header(
            try file.read(SnapshotFormat.prefixBytes + SnapshotFormat.maxFieldBytes, at: 0))
    }

    private func read(_ take: ([UInt8]) -> Void) throws(StorageError) -> SnapshotInfo {
        let size = try file.size()
        let header = try header()
        let trailerBytes = UInt64(SnapshotFormat.trailerBytes)
        guard size >= UInt64(header.end) + trailerBytes else { throw corruption(size, "too short") }

        var crc = CRC32C()
        var offset: UInt64 = 0
        while offset < size - 4 {
            let wanted = Int(min(UInt64(Self.pieceBytes), size - 4 - offset))
            let piece = try file.read(wanted, at: offset)
            guard piece.count == wanted else { throw corruption(offset, "too short") }
            crc.update(piece.span)
            take(piece)
            offset += UInt64(wanted)
        }
        let trailer = try file.read(SnapshotFormat.trailerBytes, at: size - trailerBytes)
        take(Array(trailer.suffix(4)))
        try check(trailer, bodyBytes: size - UInt64(header.end) - trailerBytes, crc.value)
        return SnapshotInfo(
            lastIncluded: header.lastIncluded, configuration: header.configuration, byteCount: size)
    }

    /// What the last bytes of a whole file say.
    func checksum(byteCount: UInt64) throws(StorageError) -> UInt32 {
        let bytes = try file.read(4, at: byteCount - 4)
        do throws(DecodeError) {
            var offset = 0
            return try bytes.span.readUInt32(at: &offset)
        } catch { throw corruption(byteCount, "too short") }
    }

    private func check(
        _ trailer: [UInt8], bodyBytes: UInt64, _ checksum: UInt32
    ) throws(StorageError) {
        do throws(DecodeError) {
            var offset = 0
            guard try trailer.span.readUInt64(at: &offset) == bodyBytes else {
                throw DecodeError(.invalid(field: "body length"), at: 0)
            }
            guard try trailer.span.readUInt32(at: &offset) == checksum else {
                throw DecodeError(.checksumMismatch, at: 8)
            }
        } catch {
            throw corruption(bodyBytes, "trailer: \(error)")
        }
    }

    private func header(_ bytes: [UInt8]) throws(StorageError) -> SnapshotFormat.Header {
        let header: SnapshotFormat.Header
        do throws(DecodeError) {
            header = try SnapshotFormat.decode(bytes.span)
        } catch {
            if case .unknownVersion(let found) = error.code {
                throw StorageError(
                    .newerVersion(found: found, known: SnapshotFormat.version),
                    operation: "read snapshot", path: path)
            }
            throw corruption(UInt64(error.offset), "header: \(error)")
        }
        if let cluster, header.cluster != cluster {
            throw StorageError(
                .foreign, operation: "read snapshot", path: path,
                detail: "of cluster \(header.cluster)")
        }
        return header
    }

    private func corruption(_ offset: UInt64, _ detail: String) -> StorageError {
        StorageError(
            .corrupt(offset: offset, index: nil), operation: "read snapshot", path: path,
            detail: detail)
    }
}
