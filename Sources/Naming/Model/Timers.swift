/// How long an ephemeral instance may be silent, in milliseconds.
package struct Timers: Hashable, Sendable {
    /// How long the client is told to wait between beats.
    package var intervalMilliseconds: UInt32
    /// Silence longer than this makes the instance unhealthy.
    package var timeoutMilliseconds: UInt32
    /// Silence longer than this removes it.
    package var deleteTimeoutMilliseconds: UInt32

    /// The timers of an instance that names none.
    package static let standard = Timers(
        intervalMilliseconds: 5_000, timeoutMilliseconds: 15_000, deleteTimeoutMilliseconds: 30_000)

    /// Joins the three.
    package init(
        intervalMilliseconds: UInt32, timeoutMilliseconds: UInt32, deleteTimeoutMilliseconds: UInt32
    ) {
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.deleteTimeoutMilliseconds = deleteTimeoutMilliseconds
    }

    /// The metadata keys by which a client sets them.
    package static let intervalKey = "preserved.heart.beat.interval"
    /// See `intervalKey`.
    package static let timeoutKey = "preserved.heart.beat.timeout"
    /// See `intervalKey`.
    package static let deleteTimeoutKey = "preserved.ip.delete.timeout"

    /// Reads the timers that metadata asks for.
    ///
    /// A value that is not all digits counts as absent, as in Nacos, whose clients send such things
    /// and must not be turned away for them.
    /// - Throws: `Refusal`: `.limit` for a value over `Limits.maxTimerMilliseconds`,
    ///   `.timersOutOfOrder` when a timeout is shorter than the interval.
    package init(_ metadata: Metadata) throws(Refusal) {
        self = .standard
        if let value = try Self.read(Self.intervalKey, .heartBeatInterval, metadata) {
            intervalMilliseconds = value
        }
        if let value = try Self.read(Self.timeoutKey, .heartBeatTimeout, metadata) {
            timeoutMilliseconds = value
        }
        if let value = try Self.read(Self.deleteTimeoutKey, .deleteTimeout, metadata) {
            deleteTimeoutMilliseconds = value
        }
        guard
            timeoutMilliseconds >= intervalMilliseconds,
            deleteTimeoutMilliseconds >= intervalMilliseconds
        else { throw .timersOutOfOrder }
    }

    private static func read(
        _ key: String, _ field: Field, _ metadata: Metadata
    ) throws(Refusal) -> UInt32? {
        guard let text = metadata[key], !text.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in text.utf8 {
            guard (0x30...0x39).contains(byte) else { return nil }
            // Held just over the limit, so that any number of digits is read without overflow.
            value = min(value * 10 + UInt64(byte - 0x30), UInt64(Limits.maxTimerMilliseconds) + 1)
        }
        guard value <= UInt64(Limits.maxTimerMilliseconds) else {
            throw .limit(field, Limits.maxTimerMilliseconds)
        }
        return UInt32(value)
    }
}
