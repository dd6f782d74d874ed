internal import Wire

// Small files of a data directory that are replaced as a whole. Numbers are little-endian.
//
//      0    8  magic, another one for each kind of file
//      8    4  format version
//     12    4  CRC-32C of all other bytes
//     16       the rest, as the kind of file says

/// A small file that is written beside, synced and renamed: after a crash it is the old one or the new one.
struct RecordFile {
    static let prefixBytes = 16
    private static let maxBytes = 64 << 10
    private static let writingSuffix = ".writing"

    /// The file's name in the data directory.
    let name: String
    let magic: StaticString
    /// The newest version of the format that this program knows; it knows all from 1 on.
    let version: UInt32

    /// Reads the file of a data directory, if it has one.
    ///
    /// - Parameter make: Makes something of all its bytes.
    /// - Throws: `StorageError`: `.corrupt`, `.newerVersion`, or what the file system throws.
    func read<Files: FileSystem, Value>(
        _ files: Files, directory: String, _ make: (Span<UInt8>) throws(DecodeError) -> Value
    ) throws(StorageError) -> Value? {
        let path = directory + "/" + name
        let file: Files.File
        do throws(StorageError) {
            file = try files.openForReading(path)
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
        defer { file.close() }
        let bytes = try file.read(Int(min(try file.size(), UInt64(Self.maxBytes))), at: 0)
        do throws(DecodeError) {
            return try make(bytes.span)
        } catch {
            if case .unknownVersion(let found) = error.code {
                throw StorageError(
                    .newerVersion(found: found, known: version), operation: "read \(name)",
                    path: path)
            }
            throw StorageError(
                .corrupt(offset: UInt64(error.offset), index: nil), operation: "read \(name)",
                path: path, detail: "\(error)")
        }
    }

    /// Checks all bytes of the file, and reads them.
    ///
    /// - Parameter body: Reads the rest, which has that version of the format, from the offset on; what is left over
    ///   afterwards is damage.
    func decode<Value>(
        _ bytes: Span<UInt8>,
        _ body: (Span<UInt8>, _ version: UInt32, inout Int) throws(DecodeError) -> Value
    ) throws(DecodeError) -> Value {
        let (version, start) = try check(bytes)
        var offset = start
        let value = try body(bytes, version, &offset)
        guard offset == bytes.count else {
            throw DecodeError(.invalid(field: "end of the record"), at: offset)
        }
        return value
    }

    /// Puts another file in the place of the one that is there. Durable on return.
    ///
    /// - Parameter version: Of the format, where not the newest.
    func write<Files: FileSystem>(
        _ files: Files, directory: String, version: UInt32? = nil,
        _ encode: (inout [UInt8]) -> Void
    ) throws(StorageError) {
        var bytes: [UInt8] = []
        bytes.write(magic)
        bytes.write(version ?? self.version)
        bytes.write(UInt32(0))  // the checksum, filled in below
        encode(&bytes)
        bytes.overwrite(Self.checksum(bytes.span), at: Self.prefixBytes - 4)
        let path = directory + "/" + name
        let file = try files.open(path + Self.writingSuffix, create: true)
        defer { file.close() }
        try file.truncate(to: 0)
        try file.write(bytes.span, at: 0)
        try file.sync()
        try files.rename(path + Self.writingSuffix, to: path)
        try files.syncDirectory(directory)
    }

    private static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.extracting(0..<prefixBytes - 4))
        crc.update(bytes.extracting(prefixBytes..<bytes.count))
        return crc.value
    }

    /// - Returns: The version, and where the rest begins.
    private func check(
        _ bytes: Span<UInt8>
    ) throws(DecodeError) -> (version: UInt32, start: Int) {
        guard bytes.holds(magic, at: 0) else {
            throw DecodeError(.invalid(field: "magic"), at: 0)
        }
        var offset = 8
        let found = try bytes.readUInt32(at: &offset)
        guard found >= 1, found <= version else { throw DecodeError(.unknownVersion(found), at: 8) }
        let sum = try bytes.readUInt32(at: &offset)
        guard bytes.count >= offset, Self.checksum(bytes) == sum else {
            throw DecodeError(.checksumMismatch, at: offset - 4)
        }
        return (found, offset)
    }
}
