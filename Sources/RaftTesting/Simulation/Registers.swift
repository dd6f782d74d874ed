internal import Raft
public import RaftRuntime
internal import Wire

/// Some registers that hold a number each. Every answer is what the register held before, so that hardly any
/// order of a history's calls but the true one explains it.
public struct Registers: StateMachine, Sendable {
    /// The number of registers.
    public static let count = 8
    /// As many carried out calls are remembered, to notice one that comes again.
    private static let memory = 64

    /// What each register holds.
    public private(set) var values = [UInt64](repeating: 0, count: count)
    private var recent = [UInt64](repeating: 0, count: memory)
    private var carriedOut: UInt64 = 0
    /// A call that was carried out twice, if there was one.
    public private(set) var doubled: UInt64?

    /// What a call does to its register.
    public enum Change: Hashable, Sendable {
        /// Holds a number from now on.
        case put(UInt64)
        /// Holds so much more.
        case add(UInt64)
        /// Holds the second number, if it held the first.
        case exchange(expected: UInt64, UInt64)

        /// What a register holds afterwards.
        public func applied(to value: UInt64) -> UInt64 {
            switch self {
            case .put(let new): new
            case .add(let amount): value &+ amount
            case .exchange(let expected, let new): value == expected ? new : value
            }
        }
    }

    /// One call as bytes.
    public struct Command: Hashable, Sendable {
        /// Tells calls apart; an entry that repeats a call has its number.
        public var id: UInt64
        /// The register.
        public var register: Int
        /// What to do with it.
        public var change: Change

        /// The bytes to propose.
        public var encoded: [UInt8] {
            var bytes: [UInt8] = [UInt8(register)]
            bytes.write(id)
            switch change {
            case .put(let value):
                bytes.append(0)
                bytes.write(value)
            case .add(let amount):
                bytes.append(1)
                bytes.write(amount)
            case .exchange(let expected, let value):
                bytes.append(2)
                bytes.write(expected)
                bytes.write(value)
            }
            return bytes
        }

        /// Makes a call.
        public init(id: UInt64, register: Int, change: Change) {
            self.id = id
            self.register = register
            self.change = change
        }

        init(_ bytes: Span<UInt8>) throws(DecodeError) {
            var offset = 0
            register = Int(try bytes.readUInt8(at: &offset))
            id = try bytes.readUInt64(at: &offset)
            switch try bytes.readUInt8(at: &offset) {
            case 0: change = .put(try bytes.readUInt64(at: &offset))
            case 1: change = .add(try bytes.readUInt64(at: &offset))
            default:
                let expected = try bytes.readUInt64(at: &offset)
                change = .exchange(expected: expected, try bytes.readUInt64(at: &offset))
            }
        }
    }

    /// What the register held before.
    public struct Answer: SessionAnswer, Hashable {
        /// The number.
        public var previous: UInt64

        /// Appends the number.
        public func write(into bytes: inout [UInt8]) { bytes.write(previous) }

        /// Reads the number.
        public init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            previous = try bytes.readUInt64(at: &offset)
        }

        init(previous: UInt64) { self.previous = previous }
    }

    /// All registers hold 0.
    public init() {}

    /// Carries out a call.
    public mutating func apply(_ bytes: Span<UInt8>, at position: LogPosition) throws -> Answer {
        let command = try Command(bytes)
        if recent.contains(command.id) { doubled = command.id }
        recent[Int(carriedOut % UInt64(Self.memory))] = command.id
        carriedOut += 1
        let previous = values[command.register]
        values[command.register] = command.change.applied(to: previous)
        return Answer(previous: previous)
    }

    /// A copy.
    public func image() -> Image { Image(numbers: [carriedOut] + values + recent) }

    /// All numbers, one after the other.
    public struct Image: SnapshotImage {
        let numbers: [UInt64]

        init(numbers: [UInt64]) { self.numbers = numbers }

        /// Reads all numbers.
        public init(reading bytes: Span<UInt8>) throws {
            guard bytes.count == 8 * (1 + Registers.count + Registers.memory) else {
                throw DecodeError(.invalid(field: "length"), at: 0)
            }
            var offset = 0
            var numbers: [UInt64] = []
            while offset < bytes.count { numbers.append(try bytes.readUInt64(at: &offset)) }
            self.numbers = numbers
        }

        /// Writes them in two pieces.
        public func write(to emit: ([UInt8]) throws -> Void) throws {
            for part in [numbers[..<9], numbers[9...]] {
                var bytes: [UInt8] = []
                for number in part { bytes.write(number) }
                try emit(bytes)
            }
        }
    }

    /// Goes on from a copy.
    public mutating func restore(_ image: Image) {
        carriedOut = image.numbers[0]
        values = Array(image.numbers[1...Self.count])
        recent = Array(image.numbers[(1 + Self.count)...])
        doubled = nil
    }
}

/// A register as the clients should see it.
struct RegisterModel: SequentialModel {
    enum Call {
        case change(Registers.Change, previous: UInt64?)
        case read(UInt64)
    }

    let initialState: UInt64 = 0

    func state(after call: Call, in state: UInt64) -> UInt64? {
        switch call {
        case .change(let change, let previous):
            previous ?? state == state ? change.applied(to: state) : nil
        case .read(let value): value == state ? state : nil
        }
    }

    func onlyLooks(_ call: Call) -> Bool {
        switch call {
        case .change(let change, let previous?): change.applied(to: previous) == previous
        case .change: false
        case .read: true
        }
    }
}
