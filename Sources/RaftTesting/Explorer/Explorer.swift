internal import Raft

/// Looks at every state that a small cluster can reach, breadth first, and holds each against the
/// invariants; so the first counter-example is a shortest one.
///
/// A state of the cluster is a row of numbers: one for the state of each node, one for what the run
/// remembers, one for what may still happen, one for each message on its way. What a node does upon an
/// event is worked out by the shipped core once, and looked up from then on (`StepTable`); so most steps
/// cost no more than some look-ups and additions.
package struct Explorer {
    /// A state of the whole cluster.
    struct State {
        var nodes: [UInt32]
        var memory: UInt32
        var allowance: Allowance
        /// Messages on their way, in the order in which they were sent.
        var packets: [UInt32]
    }

    /// A step of the cluster: what somebody must do to repeat it.
    struct Choice {
        enum Kind: Equatable {
            case event(UInt32)
            case deliver(UInt32)
            case lose(UInt32)
            case deliverCopy(UInt32)
        }

        var kind: Kind
        /// Messages that found no room on their links.
        var lost: [UInt32] = []
    }

    let preset: ExplorationPreset
    var table: LocalTable
    var steps: StepTable
    var memories: MemoryTable
    let nodeCount: Int
    /// Whether what all disks have left behind is forgotten: not where a disk may be lost.
    let forgets: Bool
    /// Ends the exploration when so many states are known.
    let limit: Int
    /// A further invariant, over the values of all nodes; nothing when it holds.
    let invariant: (@Sendable ([ModelNode]) -> String?)?

    private(set) var root: State
    private var seen = FingerprintSet()
    /// For each state but the first, in the order of discovery: from which one, and by which choice.
    private var parents: [UInt32] = [0]
    private var ordinals: [UInt16] = [0]
    /// States to be visited: number, nodes, memory, allowance in two, packet count, packets.
    private var next: [UInt32] = []
    private(set) var report: ExplorationReport

    /// The state at hand, the number of choices made from it, and the one wanted when a path is retraced.
    private(set) var state: State
    private var number: UInt32 = 0
    private var ordinal = 0
    private var wanted: Int?
    private var retraced: (state: State, choice: Choice)?
    private(set) var candidate: State
    private var lost: [UInt32] = []
    /// A fingerprint for each renaming.
    private var sums: [Fingerprint]
    private(set) var failure: (number: UInt32, ordinal: Int, text: String)?

    /// Prepares an exploration.
    package init(
        _ preset: ExplorationPreset, limit: Int = .max, usesSymmetry: Bool = true,
        invariant: (@Sendable ([ModelNode]) -> String?)? = nil
    ) throws {
        let world = try preset.makeWorld()
        self.preset = preset
        self.limit = limit
        self.invariant = invariant
        forgets = preset.spending[.wipes] ?? 0 == 0
        nodeCount = world.cluster.nodes.count
        var table = LocalTable(preset, nodeCount: nodeCount, usesSymmetry: usesSymmetry)
        var memories = MemoryTable(renamings: table.renamings)
        let memory = Memory(world.cluster.history)
        root = State(
            nodes: world.cluster.nodes.map { table.number(of: $0) },
            memory: memories.number(of: memory), allowance: Allowance(preset.spending),
            packets: world.cluster.packets.map { table.number(of: $0) })
        self.table = table
        self.memories = memories
        steps = StepTable(template: world.cluster)
        state = root
        candidate = root
        sums = Array(repeating: .zero, count: table.renamings.count)
        report = ExplorationReport(preset: preset)
    }

    /// Visits all that can be reached.
    package mutating func run() -> ExplorationReport {
        let clock = ContinuousClock()
        let start = clock.now
        _ = seen.insert(fingerprint(of: root))
        remember(root, number: 0)
        var isCut = false
        while !next.isEmpty, failure == nil, !isCut {
            let level = next
            next.removeAll(keepingCapacity: true)
            next.reserveCapacity(level.count)
            isCut = visit(level)
            if failure == nil { report.depth += 1 }
            report.widestLevelBytes = max(report.widestLevelBytes, (level.count + next.count) * 4)
        }
        let elapsed = clock.now - start
        finish(isCut: isCut, elapsed: elapsed)
        return report
    }

    private mutating func finish(isCut: Bool, elapsed: Duration) {
        report.states = seen.count
        report.isComplete = !isCut && failure == nil
        report.seconds =
            Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        report.nodeStates = table.nodes.count
        report.localSteps = steps.steps.count
        report.messages = table.packets.count
        report.memories = memories.memories.count
        report.tally = steps.tally
        report.bytes =
            seen.bytes + parents.capacity * 4 + ordinals.capacity * 2
            + report.widestLevelBytes
        if let failure {
            report.violation = failure.text
            report.story = story(through: failure.number, then: failure.ordinal)
        }
    }

    // MARK: Levels

    /// Visits the states of one level.
    ///
    /// - Returns: Whether the limit was reached.
    private mutating func visit(_ level: [UInt32]) -> Bool {
        var place = 0
        while place < level.count {
            place = load(level, at: place)
            expand()
            if failure != nil { return false }
            if seen.count >= limit { return true }
        }
        return false
    }

    private mutating func load(_ level: [UInt32], at start: Int) -> Int {
        number = level[start]
        var place = start + 1
        for i in 0..<nodeCount { state.nodes[i] = level[place + i] }
        place += nodeCount
        state.memory = level[place]
        state.allowance = Allowance(
            rawValue: UInt64(level[place + 1]) | UInt64(level[place + 2]) << 32)
        let count = Int(level[place + 3])
        place += 4
        state.packets.removeAll(keepingCapacity: true)
        for i in 0..<count { state.packets.append(level[place + i]) }
        return place + count
    }

    private mutating func remember(_ state: State, number: UInt32) {
        next.append(number)
        for node in state.nodes { next.append(node) }
        next.append(state.memory)
        next.append(UInt32(truncatingIfNeeded: state.allowance.rawValue))
        next.append(UInt32(truncatingIfNeeded: state.allowance.rawValue >> 32))
        next.append(UInt32(state.packets.count))
        for packet in state.packets { next.append(packet) }
    }

    // MARK: Choices

    /// Makes every choice that the state at hand offers.
    private mutating func expand() {
        ordinal = 0
        for i in 0..<nodeCount {
            let local = Int(state.nodes[i])
            for j in table.moves[local].indices {
                let move = table.moves[local][j]
                guard state.allowance.allows(move.spending) else { continue }
                var event = move.event
                if move.spending == .reads { event += UInt32(state.allowance[.reads]) - 1 }
                choose(.event(event), at: i, event: event, removing: nil, spending: move.spending)
                if isDone { return }
            }
        }
        for place in state.packets.indices where isDeliverable(place) {
            let packet = state.packets[place]
            let event = packet | StepTable.packetMark
            let receiver = Int(table.packetFacts[Int(packet)].to) - 1
            let isUp = table.facts[Int(state.nodes[receiver])].isUp
            choose(
                .deliver(packet), at: receiver, event: isUp ? event : nil, removing: place,
                spending: nil)
            if isDone { return }
            if isUp, state.allowance[.losses] > 0 {
                choose(.lose(packet), at: receiver, event: nil, removing: place, spending: .losses)
                if isDone { return }
            }
            if isUp, state.allowance[.duplicates] > 0 {
                choose(
                    .deliverCopy(packet), at: receiver, event: event, removing: nil,
                    spending: .duplicates)
                if isDone { return }
            }
        }
    }

    private var isDone: Bool { wanted == nil ? failure != nil : retraced != nil }

    /// Whether a packet may arrive next: of equal ones the first, on an ordered link the first of all.
    private func isDeliverable(_ place: Int) -> Bool {
        let packet = state.packets[place]
        let link = table.packetFacts[Int(packet)].link
        for earlier in 0..<place {
            let other = state.packets[earlier]
            if other == packet { return false }
            if preset.network == .ordered, table.packetFacts[Int(other)].link == link {
                return false
            }
        }
        return true
    }

    /// Makes the state that one choice leads to, and looks at it if it is new.
    private mutating func choose(
        _ kind: Choice.Kind, at i: Int, event: UInt32?, removing place: Int?,
        spending: ExplorationPreset.Spending?
    ) {
        ordinal += 1
        if let wanted, wanted != ordinal { return }
        report.transitions += 1
        for j in 0..<nodeCount { candidate.nodes[j] = state.nodes[j] }
        candidate.memory = state.memory
        candidate.allowance = state.allowance.spending(spending)
        candidate.packets.removeAll(keepingCapacity: true)
        for j in state.packets.indices where j != place {
            candidate.packets.append(state.packets[j])
        }
        lost.removeAll(keepingCapacity: true)
        if let event, !take(event, at: i) { return }
        if wanted != nil {
            retraced = (candidate, Choice(kind: kind, lost: lost))
            return
        }
        guard seen.insert(fingerprint(of: candidate)) else { return }
        if let invariant, let text = invariant(candidate.nodes.map { table.nodes[Int($0)] }) {
            return fail(text)
        }
        parents.append(number)
        ordinals.append(UInt16(ordinal))
        remember(candidate, number: UInt32(parents.count - 1))
    }

    private mutating func fail(_ text: String) {
        if wanted == nil { failure = (number, ordinal, text) }
    }

    /// Lets one node take an event.
    ///
    /// - Returns: Whether all is well.
    private mutating func take(_ event: UInt32, at i: Int) -> Bool {
        let before = state.nodes[i]
        let place = steps.step(from: before, by: event, in: &table)
        let next = steps.steps[place].next
        candidate.nodes[i] = next
        for packet in steps.steps[place].sent { send(steps.sent[packet]) }
        if let violation = steps.steps[place].violation {
            if wanted != nil { return true }
            fail(violation)
            return false
        }
        let facts = table.facts[Int(next)]
        if let deeds = steps.steps[place].deeds {
            let outcome = memories.judge(
                candidate.memory, step: place, steps.deeds[deeds], facts)
            if outcome & MemoryTable.violationMark != 0 {
                if wanted != nil { return true }
                fail(memories.violations[Int(outcome & ~MemoryTable.violationMark)])
                return false
            }
            let known = memories[candidate.memory].committed.last
            candidate.memory = outcome
            if memories[outcome].committed.last > known,
                let violation = judgeCommit(by: i, after: Int(known))
            {
                fail(violation)
                return wanted != nil
            }
        }
        if next != before {
            forgetThePast(i, before: table.facts[Int(before)], after: facts)
            if let violation = judgeNeighbours(of: i) {
                fail(violation)
                return wanted != nil
            }
        }
        return true
    }

    private mutating func send(_ packet: UInt32) {
        let facts = table.packetFacts[Int(packet)]
        if forgets, facts.isVainWhenOutdated,
            facts.term < table.facts[Int(candidate.nodes[Int(facts.to) - 1])].durableTerm
        {
            return  // nobody will ever heed it
        }
        var count = 0
        for other in candidate.packets where table.packetFacts[Int(other)].link == facts.link {
            count += 1
        }
        if count < preset.linkCapacity {
            candidate.packets.append(packet)
        } else {
            lost.append(packet)
        }
    }

    /// What concerns terms that all disks have left behind is forgotten, and so are answers that nobody
    /// will heed.
    private mutating func forgetThePast(_ i: Int, before: LocalFacts, after: LocalFacts) {
        guard forgets, after.durableTerm > before.durableTerm else { return }
        var oldest = after.durableTerm
        for node in candidate.nodes { oldest = min(oldest, table.facts[Int(node)].durableTerm) }
        candidate.memory = memories.forget(candidate.memory, before: oldest)
        let receiver = UInt8(i + 1)
        var kept = 0
        for j in candidate.packets.indices {
            let packet = candidate.packets[j]
            let facts = table.packetFacts[Int(packet)]
            if facts.to == receiver, facts.isVainWhenOutdated, facts.term < after.durableTerm {
                continue
            }
            candidate.packets[kept] = packet
            kept += 1
        }
        candidate.packets.removeLast(candidate.packets.count - kept)
    }

    // MARK: Fingerprints

    /// The smallest fingerprint among those of all states that differ from this one in names only.
    mutating func fingerprint(of state: State) -> Fingerprint {
        let columns = sums.count
        let start = Fingerprint(state.allowance.rawValue, kind: 4)
        for column in 0..<columns { sums[column] = start }
        for node in state.nodes {
            let row = Int(node) * columns
            for column in 0..<columns { sums[column] += table.nodeHashes[row + column] }
        }
        let row = Int(state.memory) * columns
        for column in 0..<columns { sums[column] += memories.hashes[row + column] }
        for place in state.packets.indices {
            let row = Int(state.packets[place]) * columns
            let rank = preset.network == .ordered ? rank(place, in: state.packets) : 0
            for column in 0..<columns {
                sums[column] += table.packetHashes[row + column].at(rank)
            }
        }
        var smallest = sums[0]
        for column in 1..<columns where sums[column] < smallest { smallest = sums[column] }
        return smallest
    }

    /// How many packets are before this one on its link.
    private func rank(_ place: Int, in packets: [UInt32]) -> Int {
        let link = table.packetFacts[Int(packets[place])].link
        var rank = 0
        for earlier in 0..<place where table.packetFacts[Int(packets[earlier])].link == link {
            rank += 1
        }
        return rank
    }

    // MARK: Retracing

    /// The choices that lead from the first state to one, and one more from there.
    func path(through number: UInt32, then last: Int) -> [Int] {
        var path = [last]
        var number = number
        while number != 0 {
            path.append(Int(ordinals[Int(number)]))
            number = parents[Int(number)]
        }
        return path.reversed()
    }

    /// Makes one choice again, by its number.
    mutating func retrace(from state: State, _ ordinal: Int) -> (state: State, choice: Choice)? {
        self.state = state
        wanted = ordinal
        retraced = nil
        expand()
        wanted = nil
        return retraced
    }
}
