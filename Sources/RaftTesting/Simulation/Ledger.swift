internal import Raft
internal import RaftRuntime
internal import Wire

/// What a simulated node replicates: the workload's machine, and around it a hash over all that was ever
/// applied, in which a single wrong, missing or doubled command shows for ever.
struct Ledger: StateMachine {
    /// What one application of a command did, for the checker; no part of the replicated state.
    struct Applied {
        var entry: EntryID
        var timeMilliseconds: UInt64
        var operation: UInt64
        var hash: UInt64
        var answer: any Sendable
    }

    /// A command ends with a padding, the length of it, and the number of its operation.
    static let tailBytes = 10

    private(set) var state = LedgerState()
    private(set) var inner: any WorkloadState
    private var journal: [Applied] = []

    init(_ inner: any WorkloadState) { self.inner = inner }

    static func command(_ inner: [UInt8], operation: UInt64, padding: Int) -> [UInt8] {
        var bytes = inner
        bytes.append(contentsOf: repeatElement(0x5A, count: padding))
        bytes.append(UInt8(truncatingIfNeeded: padding))
        bytes.append(UInt8(truncatingIfNeeded: padding >> 8))
        bytes.write(operation)
        return bytes
    }

    /// The number of the operation in an entry; 0 for one that holds no command. The first byte is the kind.
    static func operation(inEntry bytes: Span<UInt8>) -> UInt64 {
        guard bytes.count > tailBytes, bytes[0] == 1 || bytes[0] == 2 else { return 0 }
        return operation(in: bytes)
    }

    /// The number of the operation in a command.
    static func operation(in bytes: Span<UInt8>) -> UInt64 {
        var offset = bytes.count - 8
        return (try? bytes.readUInt64(at: &offset)) ?? 0
    }

    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> LedgerAnswer {
        let end = command.count - Self.tailBytes
        let padding = Int(command[end]) | Int(command[end + 1]) << 8
        let operation = Self.operation(in: command)
        let answer = try inner.apply(command.extracting(0..<end - padding), at: position)
        state.apply(operation, at: position, checksum: CRC32C.checksum(command))
        if state.count % Self.imageInterval == 0 { state.mix(try imageChecksum()) }
        journal.append(
            Applied(
                entry: position.entry, timeMilliseconds: position.timeMilliseconds,
                operation: operation, hash: state.hash, answer: answer))
        return LedgerAnswer(count: state.count, hash: state.hash, inner: answer)
    }

    /// After so many commands the whole inner state goes into the hash.
    private static let imageInterval: UInt64 = 32

    /// Over what the inner machine writes into a snapshot.
    func imageChecksum() throws -> UInt64 {
        var crc = CRC32C()
        try inner.image().write { crc.update($0.span) }
        return UInt64(crc.value)
    }

    func image() -> Image { Image(state: state, inner: inner.image()) }

    /// The hash, and then what the inner machine writes.
    struct Image: SnapshotImage {
        let state: LedgerState
        let inner: any SnapshotImage

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var bytes: [UInt8] = []
            bytes.write(state.count)
            bytes.write(state.hash)
            try emit(bytes)
            try inner.write(to: emit)
        }

        init(state: LedgerState, inner: any SnapshotImage) {
            self.state = state
            self.inner = inner
        }

        /// The workload's part is read when the machine is at hand, which knows its type.
        init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            state = try LedgerState(bytes, at: &offset)
            inner = UnreadImage(reading: bytes.extracting(offset..<bytes.count))
        }
    }

    mutating func restore(_ image: Image) {
        inner.restore(image.inner)
        state = image.state
        journal.removeAll()
    }

    /// Takes out what was applied since the last call, or since the state was restored.
    mutating func takeJournal() -> [Applied] {
        guard !journal.isEmpty else { return [] }
        defer { journal.removeAll(keepingCapacity: true) }
        return journal
    }
}

/// What the proposer of a command to a `Ledger` hears.
struct LedgerAnswer: Sendable {
    var count: UInt64
    var hash: UInt64
    var inner: any Sendable
}

/// The hash of a `Ledger`.
struct LedgerState: Hashable {
    private(set) var count: UInt64 = 0
    private(set) var hash: UInt64 = 1

    init() {}

    mutating func apply(_ operation: UInt64, at position: LogPosition, checksum: UInt32) {
        var mixed = TraceHash()
        mixed.mix(hash)
        mixed.mix(operation)
        mixed.mix(UInt64(checksum))
        mixed.mix(position.entry.term.rawValue)
        mixed.mix(position.entry.index.rawValue)
        mixed.mix(position.timeMilliseconds)
        hash = mixed.value
        count += 1
    }

    mutating func mix(_ number: UInt64) {
        var mixed = TraceHash()
        mixed.mix(hash)
        mixed.mix(number)
        hash = mixed.value
    }

    init(_ bytes: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        count = try bytes.readUInt64(at: &offset)
        hash = try bytes.readUInt64(at: &offset)
    }
}

/// What the image of a machine of whatever type wrote.
struct UnreadImage: SnapshotImage {
    let bytes: [UInt8]

    init(reading bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        copy.write(bytes)
        self.bytes = copy
    }

    func write(to emit: ([UInt8]) throws -> Void) throws { try emit(bytes) }
}
