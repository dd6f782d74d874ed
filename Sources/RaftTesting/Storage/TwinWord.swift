package import Raft

/// What a store in another process tells, a line at a time: what it is about to do before it does it, and what it
/// vouches for after it is durable. Whoever reads the lines knows in which states the store may be found.
package enum TwinWord: Hashable, Sendable {
    /// Something during which a process may be killed.
    package enum Deed: String, Hashable, Sendable {
        /// Opening what is there, or making it.
        case open
        /// Writing records.
        case write
        /// Making what was written durable.
        case sync
        /// Making, renaming and removing files of the log.
        case upkeep
        /// Writing a snapshot, or taking one in.
        case snapshot
    }

    /// A log in a few numbers.
    package struct Digest: Hashable, Sendable {
        var base: EntryID
        var lastIndex: Int
        var hardState: HardState
        var checksum: UInt32
    }

    case began(Deed)
    case ended(Deed)
    /// The log, as it was found or made.
    case log(Digest)
    /// The newest snapshot that was found.
    case noSnapshot, foundSnapshot(TwinSnapshot)
    /// A record that is about to be written.
    case change(LogTwinChange)
    /// So many of the oldest changes are durable now.
    case durable(Int)
    /// A snapshot that is about to get its name, and that the last one has it durably.
    case snapshot(TwinSnapshot), stored
    /// The log takes no entries because the disk is full, and takes them again.
    case full, hasSpace
    /// A snapshot was given up because the disk is full.
    case snapshotRefused
}

/// A snapshot as its twin knows it.
package struct TwinSnapshot: Hashable, Sendable {
    /// The last entry that it covers.
    package var id: EntryID
    /// Its bytes: so many, as `TwinEntry.pattern` makes them.
    var start: UInt8
    var count: Int

    var body: [UInt8] { TwinEntry.pattern(start, count) }
}

extension TwinWord {
    /// The word as a line. It ends with a point, because a line may be cut short by the end of its process.
    package var line: String {
        let words =
            switch self {
            case .began(let deed): "begin \(deed.rawValue)"
            case .ended(let deed): "end \(deed.rawValue)"
            case .log(let log):
                "log \(log.base.text) \(log.lastIndex) \(log.hardState.text) \(log.checksum)"
            case .noSnapshot: "no-snapshot"
            case .foundSnapshot(let snapshot): "found-snapshot \(snapshot.text)"
            case .change(.hardState(let state)): "state \(state.text)"
            case .change(.put(let first, let entries)): "put \(first) \(entries.text)"
            case .change(.compact(let index)): "compact \(index)"
            case .change(.reset(let id)): "reset \(id.text)"
            case .durable(let count): "durable \(count)"
            case .snapshot(let snapshot): "snapshot \(snapshot.text)"
            case .stored: "stored"
            case .full: "full"
            case .hasSpace: "space"
            case .snapshotRefused: "snapshot-refused"
            }
        return words + " ."
    }

    /// Reads a line; nothing when it is none of these words, or not a whole one.
    package init?(line: String) {
        var words = line.split(separator: " ")
        guard words.popLast() == "." else { return nil }
        var numbers = Numbers(words.dropFirst())
        guard let name = words.first, let word = Self.read(name, &numbers, words.last ?? ""),
            numbers.isValid
        else { return nil }
        self = word
    }

    private static func read(
        _ name: Substring, _ numbers: inout Numbers, _ last: Substring
    ) -> TwinWord? {
        switch name {
        case "begin": Deed(rawValue: String(last)).map { .began($0) }
        case "end": Deed(rawValue: String(last)).map { .ended($0) }
        case "log":
            .log(
                Digest(
                    base: numbers.id(), lastIndex: numbers.next(), hardState: numbers.hardState(),
                    checksum: numbers.next()))
        case "no-snapshot": .noSnapshot
        case "found-snapshot": .foundSnapshot(numbers.snapshot())
        case "state": .change(.hardState(numbers.hardState()))
        case "put": .change(.put(first: numbers.next(), numbers.entries()))
        case "compact": .change(.compact(through: numbers.next()))
        case "reset": .change(.reset(numbers.id()))
        case "durable": .durable(numbers.next())
        case "snapshot": .snapshot(numbers.snapshot())
        case "stored": .stored
        case "full": .full
        case "space": .hasSpace
        case "snapshot-refused": .snapshotRefused
        default: nil
        }
    }
}

/// The numbers of a line, one after the other.
private struct Numbers {
    private var rest: ArraySlice<Substring>
    /// Whether all that was asked for was there.
    private(set) var isValid = true

    init(_ words: ArraySlice<Substring>) {
        rest = words.flatMap { $0.split(whereSeparator: { ":/".contains($0) }) }[...]
    }

    mutating func next<Number: FixedWidthInteger>() -> Number {
        if let number = rest.popFirst().flatMap({ Number($0) }) { return number }
        isValid = false
        return 0
    }

    mutating func id() -> EntryID {
        EntryID(term: Term(next()), index: LogIndex(next()))
    }

    mutating func hardState() -> HardState {
        let term = Term(next())
        let vote: UInt64 = next()
        return HardState(term: term, vote: vote == 0 ? nil : NodeID(vote))
    }

    mutating func snapshot() -> TwinSnapshot {
        TwinSnapshot(id: id(), start: next(), count: next())
    }

    mutating func entries() -> [TwinEntry] {
        var entries: [TwinEntry] = []
        while !rest.isEmpty, isValid {
            entries.append(TwinEntry(term: next(), start: next(), count: next()))
        }
        return entries
    }
}

extension EntryID {
    fileprivate var text: String { "\(term.rawValue)/\(index.rawValue)" }
}

extension HardState {
    fileprivate var text: String { "\(term.rawValue):\(vote?.rawValue ?? 0)" }
}

extension TwinSnapshot {
    fileprivate var text: String { "\(id.text) \(start):\(count)" }
}

extension [TwinEntry] {
    fileprivate var text: String {
        map { "\($0.term):\($0.content.first ?? 0):\($0.content.count)" }.joined(separator: " ")
    }
}
