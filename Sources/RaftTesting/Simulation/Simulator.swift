internal import Raft
internal import RaftRuntime
internal import RaftTransport

/// One run. Confined to one thread.
final class Simulator {
    /// What is planned.
    enum Plan {
        case turn(Int)
        case deliver(Parcel)
        case closed(Int, peer: Int, life: Int)
        case jobDone(Int, lane: Int, life: Int)
        case restart(Int, life: Int)
        case request
        case fault
        /// The end of a fault, and what else is said where it is planned.
        case later((Simulator) -> Void)
    }

    let settings: SimulationSettings
    let surroundings: Surroundings
    let links: SimulatedLinks
    let checker: Checker
    var nodes: [SimulatedNode]
    var dice: SplitMix64
    var queue = EventQueue<Plan>()
    var time: UInt64 = 0
    var steps = 0
    var traceHash = TraceHash()
    var lossPermille: Int
    /// How many messages, in thousandths, are delivered once more much later.
    var echoPermille = 0
    /// Counts the graphs of cuts, so that few nodes meet all of them.
    var graphNumber: UInt64
    /// Whether faults and requests still come.
    var isTroubled = true
    private let traceLines: Int
    private var trace: [String] = []

    let workload: any AnyWorkloadRun

    init(
        _ settings: SimulationSettings, workload: any AnyWorkloadRun, traceLines: Int
    ) {
        var dice = SplitMix64(seed: settings.seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x5EED)
        surroundings = Surroundings(settings, dice: &dice)
        let count = surroundings.nodeCount + surroundings.spareCount
        let links = SimulatedLinks(nodes: count)
        let nodes = (0..<count).map { SimulatedNode(place: $0, links: links) }
        for node in nodes {
            node.firstSeed = dice.next()
            node.isDormant = node.place >= surroundings.nodeCount
        }
        let founders = nodes[..<surroundings.nodeCount]
        let isKnown = surroundings.pinsIncarnations && !surroundings.meetsFounders
        let initial = Configuration(
            voters: founders.map(\.id), roster: isKnown ? founders.map(\.founder) : [])
        for node in founders {
            node.startConfiguration = initial
            node.founding.isFounder = surroundings.meetsFounders
        }
        self.settings = settings
        self.links = links
        self.dice = dice
        self.traceLines = traceLines
        self.workload = workload
        checker = Checker(nodes: count, initial: initial, workload: workload)
        checker.meetsFounders = surroundings.meetsFounders
        self.nodes = nodes
        lossPermille = surroundings.lossPermille
        graphNumber = settings.seed
    }

    func run() -> SimulationReport {
        if surroundings.meetsFounders {
            beginFounding()
        } else {
            for node in nodes where !node.isDormant { start(node) }
        }
        plan(.request, after: surroundings.requestInterval * 1_000_000)
        if !surroundings.faults.isEmpty { plan(.fault, after: nextFaultDelay()) }
        while !isOver, step() {}
        if checker.finding == nil { settle() }
        if checker.finding == nil, let violation = workload.finish() {
            checker.expect(false, violation)
        }
        return SimulationReport(
            settings: settings, finding: checker.finding, traceHash: traceHash.value, steps: steps,
            simulatedMilliseconds: time / 1_000_000, committed: checker.committed.count,
            marks: checker.marks, trace: trace)
    }

    private var isOver: Bool {
        switch settings.length {
        case .steps(let limit): steps >= limit
        case .seconds(let seconds): time >= UInt64(max(0, seconds)) * 1_000_000_000
        }
    }

    /// Lets the next thing happen.
    ///
    /// - Returns: False when there is none, or something was found to be wrong.
    func step() -> Bool {
        guard checker.finding == nil, let item = queue.popNext() else { return false }
        time = item.time
        steps += 1
        switch item.kind {
        case .turn(let node): turn(nodes[node])
        case .deliver(let parcel): deliver(parcel)
        case .closed(let node, let peer, let life): closed(nodes[node], peer, life)
        case .jobDone(let node, let lane, let life): finishJob(nodes[node], lane, life)
        case .restart(let node, let life):
            if nodes[node].life == life { startIfPossible(nodes[node]) }
        case .request: request()
        case .fault: fault()
        case .later(let action): action(self)
        }
        return checker.finding == nil
    }

    // MARK: What everything here uses

    func plan(_ kind: Plan, after delay: UInt64) { queue.plan(kind, at: time + delay) }

    func plan(after delay: UInt64, _ action: @escaping (Simulator) -> Void) {
        queue.plan(.later(action), at: time + delay)
    }

    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &dice) }

    func chance(_ permille: Int) -> Bool {
        permille > 0 && Int.random(in: 0..<1000, using: &dice) < permille
    }

    func duration(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &dice) }

    func milliseconds(_ range: ClosedRange<UInt64>) -> UInt64 { duration(range) * 1_000_000 }

    func mark(_ mark: SimulationMark) { checker.marks.hit(mark) }

    func note(_ line: @autoclosure () -> String) {
        guard traceLines > 0 else { return }
        if trace.count >= traceLines { trace.removeFirst() }
        trace.append("\(time / 1000) us  \(line())")
    }

    /// The node that leads the newest term, as the checker last saw it.
    var leader: Int? {
        var best: Int?
        for (place, witness) in checker.witnesses.enumerated() where witness.role == .leader {
            if let known = best, checker.witnesses[known].hardState.term > witness.hardState.term {
                continue
            }
            best = place
        }
        return best
    }
}
