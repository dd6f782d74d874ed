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

    /// Whether the newest append is with the host, and nobody knows yet how much of it will leave: until
    /// then nothing can follow on it.
    private(set) var isOpen = false

    /// An append whose last entry is at `last` is handed to the host.
    mutating func append(_ last: LogIndex) {
        appends.append(Append(last: last, bytes: 0))
        isOpen = true
    }

    /// The host has sent entries up to `last`, of so many bytes: all of the newest append, or a part of it.
    ///
    /// - Returns: False when it was not asked to.
    mutating func close(through last: LogIndex, bytes: Int) -> Bool {
        guard isOpen, let planned = appends.last, last <= planned.last else { return false }
        isOpen = false
        appends[appends.count - 1] = Append(last: last, bytes: bytes)
        self.bytes += bytes
        return true
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
        if appends.isEmpty { isOpen = false }
    }

    mutating func removeAll() {
        appends.removeAll(keepingCapacity: true)
        bytes = 0
        isOpen = false
    }

    /// Writes what is on its way.
    func encode(into writer: inout CanonicalWriter) {
        writer.add(bytes)
        writer.add(isOpen)
        writer.add(appends.count)
        for append in appends {
            writer.add(append.last)
            writer.add(append.bytes)
        }
    }
}
