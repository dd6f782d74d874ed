internal import Raft
public import RaftRuntime

/// The simulator's own workload: registers, used through client sessions and without them, whose
/// history must be linearizable and in which no call of a session may be carried out twice.
public struct RegisterWorkload: SimulationWorkload {
    /// What a proposal was for.
    private enum Purpose {
        case plain(call: Int)
        case session(call: Int, client: Int, session: SessionID, sequence: UInt64)
        case opening(client: Int)
        case keepingAlive
    }

    private struct Call {
        var register: Int
        var change: Registers.Change
        /// The proposals that carry it: several only in a session.
        var commands: [Int] = []
    }

    private struct Client {
        var session: SessionClient?
        var isOpening = false
        /// The call of each number that has no answer, and the numbers to be sent again.
        var calls: [UInt64: Int] = [:]
        var again: [UInt64] = []
    }

    private var purposes: [Purpose] = []
    private var calls: [Call] = []
    private var clients = [Client](repeating: Client(), count: 4)
    private var lostSessions = 0

    /// A workload at its beginning.
    public init() {}

    /// Registers behind sessions, all at 0.
    public func makeMachine() -> SessionMachine<Registers> { SessionMachine(Registers()) }

    /// A call without a session, or the next thing that some client has to say.
    public mutating func nextCommand(_ number: Int, using dice: inout SplitMix64) -> [UInt8] {
        guard Bool.random(using: &dice) else {
            let call = newCall(using: &dice)
            calls[call].commands = [number]
            purposes.append(.plain(call: call))
            return SessionCommand.plain.encoded(with: bytes(of: call))
        }
        let client = Int.random(in: clients.indices, using: &dice)
        guard let session = clients[client].session else {
            return open(for: client, number, using: &dice)
        }
        var sequence = clients[client].again.popLast()
        // Somebody impatient sends again what is still on its way.
        if sequence == nil, Int.random(in: 0..<8, using: &dice) == 0 {
            sequence = session.unanswered.first
        }
        guard let sequence = sequence ?? begin(for: client, using: &dice),
            let bytes = clients[client].session?.attempt(sequence),
            let call = clients[client].calls[sequence]
        else {
            purposes.append(.keepingAlive)
            return session.keepAlive()
        }
        calls[call].commands.append(number)
        purposes.append(
            .session(call: call, client: client, session: session.session, sequence: sequence))
        return bytes
    }

    private mutating func open(
        for client: Int, _ number: Int, using dice: inout SplitMix64
    ) -> [UInt8] {
        let terms = SessionTerms(
            lifetimeMilliseconds: Bool.random(using: &dice) ? 3000 : 60_000,
            maxUnanswered: Bool.random(using: &dice) ? 3 : 32,
            isOrdered: Bool.random(using: &dice))
        purposes.append(.opening(client: client))
        openings[number] = terms
        return SessionCommand.open(terms, maxSessions: 1000).encoded()
    }

    /// The terms that were asked for, by the number of the proposal.
    private var openings: [Int: SessionTerms] = [:]

    private mutating func begin(for client: Int, using dice: inout SplitMix64) -> UInt64? {
        let call = newCall(using: &dice)
        let bytes = bytes(of: call)
        guard let sequence = clients[client].session?.begin(bytes) else {
            calls.removeLast()
            return nil
        }
        clients[client].calls[sequence] = call
        return sequence
    }

    private mutating func newCall(using dice: inout SplitMix64) -> Int {
        let value = UInt64(calls.count + 1) << 20
        let change: Registers.Change =
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: .add(1)
            case 1:
                .exchange(expected: calls.last.map(Self.value) ?? 0, value)
            default: .put(value)
            }
        // The first register is the hot one.
        let register = max(0, Int.random(in: -3..<Registers.count, using: &dice))
        calls.append(Call(register: register, change: change))
        return calls.count - 1
    }

    private static func value(of call: Call) -> UInt64 { call.change.applied(to: 0) }

    private func bytes(of call: Int) -> [UInt8] {
        Registers.Command(
            id: UInt64(call + 1), register: calls[call].register, change: calls[call].change
        ).encoded
    }

    /// Tells the client, which may want to send again.
    public mutating func heard(
        _ number: Int, _ outcome: ProposalOutcome<SessionReply<Registers.Answer>>
    ) {
        switch purposes[number - 1] {
        case .plain, .keepingAlive: break
        case .opening(let client):
            let terms = openings.removeValue(forKey: number)
            guard case .done(.opened(let id), _) = outcome, let terms,
                clients[client].session == nil
            else { return }
            clients[client].session = SessionClient(id, terms)
        case .session(_, let client, let session, let sequence):
            guard clients[client].session?.session == session,
                let progress = clients[client].session?.take(outcome, for: sequence)
            else { return }
            switch progress {
            case .ended(.sessionLost):
                clients[client] = Client()
                lostSessions += 1
            case .ended: clients[client].calls[sequence] = nil
            case .sendAgain: clients[client].again.append(sequence)
            case .nothing: break
            }
        }
    }

    /// Which register to look at.
    public mutating func nextQuery(using dice: inout SplitMix64) -> Int {
        max(0, Int.random(in: -3..<Registers.count, using: &dice))
    }

    /// What the register holds.
    public func view(of machine: SessionMachine<Registers>, for query: Int) -> UInt64 {
        machine.inner.values[query]
    }

    /// A call that was carried out twice.
    public func violation(in machine: SessionMachine<Registers>) -> String? {
        machine.inner.doubled.map { "call \($0) was carried out twice" }
    }

    /// Each register must have been a register, for all that clients have seen.
    public func violation(in history: SimulationHistory<Self>) -> String? {
        var perRegister = [[TimedCall<RegisterModel.Call>]](repeating: [], count: Registers.count)
        for (number, call) in calls.enumerated() {
            if let text = repeatsDiffer(call, history) { return "call \(number + 1): \(text)" }
            guard let timed = timed(call, history) else { continue }
            perRegister[call.register].append(timed)
        }
        for read in history.reads {
            perRegister[read.query].append(
                TimedCall(.read(read.view), begun: read.begun, ended: read.ended))
        }
        for (register, calls) in perRegister.enumerated() {
            switch RegisterModel().linearize(calls) {
            case .linearizable: break
            case .undecided: return "the history of register \(register) is too tangled to judge"
            case .violated(let explained, let next):
                let open = next.map {
                    "\(calls[$0].call) at \(calls[$0].begun)...\(calls[$0].ended)"
                }
                return "register \(register) is not linearizable: after \(explained.count) of "
                    + "\(calls.count) calls none of these can come: \(open)"
            }
        }
        return nil
    }

    /// A call with the answer of those of its proposals that were carried out; nothing when none was.
    private func timed(
        _ call: Call, _ history: SimulationHistory<Self>
    ) -> TimedCall<RegisterModel.Call>? {
        let commands = call.commands.map { history.commands[$0 - 1] }
        let carriedOut = commands.filter { if case .done? = $0.answer { true } else { false } }
        guard let begun = commands.map(\.begun).min(),
            case .done(let answer)? = carriedOut.first?.answer
        else { return nil }
        // Whoever heard of it knows when; otherwise it had taken effect when the first node had applied it.
        let heard = carriedOut.compactMap(\.heardDone).min()
        guard let ended = heard ?? carriedOut.compactMap(\.applied).min() else { return nil }
        return TimedCall(
            .change(call.change, previous: answer.previous), begun: begun, ended: ended)
    }

    /// What sessions have met in a history.
    func situations(in history: SimulationHistory<Self>) -> [SimulationMark] {
        var found = [SimulationMark](repeating: .sessionExpired, count: lostSessions)
        for call in calls {
            let answers = call.commands.filter { number in
                if case .done? = history.commands[number - 1].answer { true } else { false }
            }
            found += answers.dropFirst().map { _ in .sessionReplyRepeated }
        }
        return found
    }

    private func repeatsDiffer(_ call: Call, _ history: SimulationHistory<Self>) -> String? {
        var first: SessionReply<Registers.Answer>?
        for number in call.commands {
            guard case .done? = history.commands[number - 1].answer else { continue }
            let answer = history.commands[number - 1].answer
            if let first, first != answer { return "answered differently when it was repeated" }
            first = answer
        }
        return nil
    }
}
