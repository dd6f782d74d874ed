internal import Raft
internal import RaftRuntime
internal import Wire

/// The simulator's state machine: registers, a list of the newest operations, and a hash over all that
/// was ever applied, in which a single wrong, missing or doubled command shows for ever.
struct Ledger: StateMachine {
    /// What one application of a command did, for the checker; no part of the replicated state.
    struct Applied: Equatable {
        var entry: EntryID
        var timeMilliseconds: UInt64
        var operation: UInt64
        var hash: UInt64
    }

    /// What the proposer hears.
    struct Answer: Equatable, Sendable {
        var count: UInt64
        var hash: UInt64
    }

    /// A command ends with the number of its operation, and before that a register's number.
    static let minCommandBytes = 9
    private static let registerCount = 16
    private static let recentCount = 48

    private(set) var state = LedgerState(
        registers: Array(repeating: 0, count: registerCount),
        recent: Array(repeating: 0, count: recentCount))
    private var journal: [Applied] = []

    static func command(operation: UInt64, register: UInt8, padding: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: register ^ 0x5A, count: padding)
        bytes.append(register)
        bytes.write(operation)
        return bytes
    }

    /// The number of the operation in a command or in an entry that holds one; 0 for an empty entry.
    static func operation(in bytes: Span<UInt8>) -> UInt64 {
        guard bytes.count > minCommandBytes else { return 0 }
        var offset = bytes.count - 8
        return (try? bytes.readUInt64(at: &offset)) ?? 0
    }

    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> Answer {
        var offset = command.count - 8
        let operation = try command.readUInt64(at: &offset)
        state.apply(
            operation, register: Int(command[command.count - 9]) % Self.registerCount, at: position,
            checksum: CRC32C.checksum(command))
        journal.append(
            Applied(
                entry: position.entry, timeMilliseconds: position.timeMilliseconds,
                operation: operation, hash: state.hash))
        return Answer(count: state.count, hash: state.hash)
    }

    func image() -> LedgerState { state }

    mutating func restore(from bytes: Span<UInt8>) throws {
        state = try LedgerState(
            bytes, registers: Self.registerCount, recent: Self.recentCount)
        journal.removeAll()
    }

    /// Takes out what was applied since the last call, or since the state was restored.
    mutating func takeJournal() -> [Applied] {
        defer { journal.removeAll(keepingCapacity: true) }
        return journal
    }
}

/// The replicated part of a `Ledger`, and its image.
struct LedgerState: SnapshotImage, Hashable {
    var registers: [UInt64]
    /// The newest operations, in a ring; so a snapshot needs several pieces.
    var recent: [UInt64]
    private(set) var count: UInt64 = 0
    private(set) var hash: UInt64 = 1

    init(registers: [UInt64], recent: [UInt64]) {
        self.registers = registers
        self.recent = recent
    }

    mutating func apply(
        _ operation: UInt64, register: Int, at position: LogPosition, checksum: UInt32
    ) {
        var mixed = TraceHash()
        mixed.mix(hash)
        mixed.mix(operation)
        mixed.mix(UInt64(checksum))
        mixed.mix(position.entry.term.rawValue)
        mixed.mix(position.entry.index.rawValue)
        mixed.mix(position.timeMilliseconds)
        mixed.mix(registers[register])
        let place = Int(count % UInt64(recent.count))
        mixed.mix(recent[place])
        hash = mixed.value
        count += 1
        registers[register] = operation
        recent[place] = operation
    }

    func write(to emit: ([UInt8]) throws -> Void) throws {
        var bytes: [UInt8] = []
        bytes.write(count)
        bytes.write(hash)
        for register in registers { bytes.write(register) }
        try emit(bytes)
        bytes.removeAll()
        for operation in recent { bytes.write(operation) }
        try emit(bytes)
    }

    init(_ bytes: Span<UInt8>, registers: Int, recent: Int) throws(DecodeError) {
        var offset = 0
        count = try bytes.readUInt64(at: &offset)
        hash = try bytes.readUInt64(at: &offset)
        self.registers = []
        self.recent = []
        for _ in 0..<registers { self.registers.append(try bytes.readUInt64(at: &offset)) }
        for _ in 0..<recent { self.recent.append(try bytes.readUInt64(at: &offset)) }
        guard offset == bytes.count else {
            throw DecodeError(.invalid(field: "length"), at: offset)
        }
    }
}
