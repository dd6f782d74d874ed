/// The appends on their way to a peer, in order, and what they weigh.
package struct InflightWindow: Hashable, Sendable {
    private struct Append: Hashable, Sendable {
        var last: LogIndex
        var bytes: Int
    }

    private var appends: [Append] = []
    /// The bytes of all their entries, as far as the host has told.
    package private(set) var bytes = 0

    /// The position of each one's last entry.
    package var ends: [LogIndex] { appends.map(\.last) }

    package var count: Int { appends.count }
    package var isEmpty: Bool { appends.isEmpty }

    /// An append whose last entry is at `last` sets out. Its bytes are told later.
    mutating func append(_ last: LogIndex) { appends.append(Append(last: last, bytes: 0)) }

    /// The host has sent entries up to `last`, of so many bytes: all of an append, or the first part of it.
    /// In the second case what was handed out after it would leave a gap, and is not on its way.
    ///
    /// - Returns: Whether it was only a part.
    mutating func sent(through last: LogIndex, bytes: Int) -> Bool {
        guard let i = appends.firstIndex(where: { $0.last >= last }) else { return false }
        let isPart = appends[i].last > last
        if isPart { appends.removeSubrange((i + 1)...) }
        self.bytes += bytes - appends[i].bytes
        appends[i] = Append(last: last, bytes: bytes)
        return isPart
    }

    /// The peer has everything up to `index`.
    mutating func acknowledge(through index: LogIndex) {
        var done = 0
        for append in appends {
            guard append.last <= index else { break }
            bytes -= append.bytes
            done += 1
        }
        appends.removeFirst(done)
    }

    mutating func removeAll() {
        appends.removeAll(keepingCapacity: true)
        bytes = 0
    }
}
