// What the runtime writes before the machine's bytes in the body of a snapshot.
//
//     version  1 byte   1
//     time     varint   cluster time in milliseconds at the last entry that the snapshot covers

package import Wire

/// What the runtime writes before the machine's bytes.
package struct SnapshotPrelude: Hashable {
    static let version: UInt8 = 1

    /// The cluster time at the last entry that the snapshot covers.
    package var timeMilliseconds: UInt64

    init(timeMilliseconds: UInt64) { self.timeMilliseconds = timeMilliseconds }

    /// Reads a prelude; `offset` is then where the machine's bytes begin.
    package init(_ bytes: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let version = try bytes.readUInt8(at: &offset)
        guard version == Self.version else {
            throw DecodeError(.unknownVersion(UInt32(version)), at: 0)
        }
        timeMilliseconds = try bytes.readVarint(at: &offset)
    }

    func write(into bytes: inout [UInt8]) {
        bytes.append(Self.version)
        bytes.writeVarint(timeMilliseconds)
    }
}
