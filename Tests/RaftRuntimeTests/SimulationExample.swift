internal import Raft
internal import RaftRuntime
internal import RaftTesting

/// Money on some accounts, the same on every node.
struct Bank: StateMachine {
    static let accounts = 4
    private(set) var balances = [Int](repeating: 100, count: accounts)

    /// A command is "from to amount"; the answer says whether the money was there.
    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) -> Bool {
        guard command.count == 3 else { return false }
        let (from, to, amount) = (Int(command[0]), Int(command[1]), Int(command[2]))
        guard from < Self.accounts, to < Self.accounts, balances[from] >= amount else {
            return false
        }
        balances[from] -= amount
        balances[to] += amount
        return true
    }

    func image() -> Image { Image(balances: balances) }

    struct Image: SnapshotImage {
        let balances: [Int]

        func write(to emit: ([UInt8]) throws -> Void) throws {
            for balance in balances { try emit(Array("\(balance)\n".utf8)) }
        }

        init(balances: [Int]) { self.balances = balances }

        init(reading bytes: Span<UInt8>) throws {
            let lines = String(copying: try UTF8Span(validating: bytes)).split(separator: "\n")
            balances = lines.compactMap { Int($0) }
            guard balances.count == Bank.accounts else { throw DamagedImage() }
        }
    }

    mutating func restore(_ image: Image) { balances = image.balances }

    struct DamagedImage: Error {}
}

/// What the clients of a simulated bank do, and what must hold.
struct BankWorkload: SimulationWorkload {
    func makeMachine() -> Bank { Bank() }

    mutating func nextCommand(_ number: Int, using dice: inout SplitMix64) -> [UInt8] {
        let account = 0..<UInt8(Bank.accounts)
        return [
            UInt8.random(in: account, using: &dice), UInt8.random(in: account, using: &dice),
            UInt8.random(in: 0...60, using: &dice),
        ]
    }

    /// A client's read looks at all accounts at once.
    func view(of machine: Bank, for query: Void) -> [Int] { machine.balances }

    /// Asked after each application at each node.
    func violation(in machine: Bank) -> String? {
        guard machine.balances.allSatisfy({ $0 >= 0 }) else { return "an account is overdrawn" }
        return machine.balances.reduce(0, +) == 400 ? nil : "money came or went"
    }

    /// Asked once, at the end: no client may see what never was.
    func violation(in history: SimulationHistory<Self>) -> String? {
        for read in history.reads where read.view.reduce(0, +) != 400 {
            return "a client saw \(read.view)"
        }
        return nil
    }
}

/// Runs some seeds, and tells what was found.
func simulateBank(seeds: Range<UInt64>) -> [String] {
    seeds.compactMap { seed in
        let settings = SimulationSettings(seed: seed, length: .seconds(20))
        return Simulation.run(settings, workload: BankWorkload()).failureLine
    }
}
