internal import Raft

/// What comes of one event at one node: its next state, what it sends, and what the others' invariants
/// must hear of.
struct LocalStep {
    var next: UInt32
    /// Where the messages it sends are in the table's list.
    var sent: Range<Int>
    /// The place of what must be judged, or nothing when nothing must.
    var deeds: Int?
    /// What the node and its host find wrong by themselves.
    var violation: String?
}

/// The steps that single nodes have made, each made by the core only once: however many states of the
/// cluster differ in the rest, what a node does depends on nothing but itself and the event.
struct StepTable {
    private(set) var steps: [LocalStep] = []
    private(set) var sent: [UInt32] = []
    private(set) var deeds: [Deeds] = []
    /// How often the rare happened, in the steps that were made.
    private(set) var tally = ModelTally()
    private var numbers = NumberTable()
    private let template: ModelCluster

    /// Marks the arrival of a packet among the events.
    static let packetMark: UInt32 = 1 << 31

    init(template: ModelCluster) {
        var template = template
        template.nodes = []
        template.packets = []
        template.history = ModelHistory()
        template.notes = Notes()
        template.isAlone = true
        template.namesCommandsByPlace = true
        self.template = template
    }

    /// The number of the step from a node's state by an event.
    mutating func step(
        from node: UInt32, by event: UInt32, in table: inout LocalTable
    ) -> Int {
        let key = (UInt64(node) + 1) << 32 | UInt64(event)
        if let known = numbers[key] { return Int(known) }
        let step = make(from: node, by: event, in: &table)
        numbers.insert(key, UInt32(steps.count))
        steps.append(step)
        return steps.count - 1
    }

    private mutating func make(
        from node: UInt32, by event: UInt32, in table: inout LocalTable
    ) -> LocalStep {
        var cluster = template
        let before = table.nodes[Int(node)]
        cluster.nodes = [before]
        var read: UInt64 = 0
        if event & Self.packetMark != 0 {
            cluster.packets = [table.packets[Int(event & ~Self.packetMark)]]
            cluster.perform(.deliver(0))
        } else {
            let event = table.events[Int(event)]
            read = event.read
            if read > 0 { cluster.nextRead = read }
            for action in event.actions { cluster.perform(action) }
        }
        if table.preset.syncsAtOnce { sync(&cluster) }
        tally.add(cluster.history.tally)
        let after = cluster.nodes[0]
        checkNames(after, &cluster)
        let doings = Deeds(
            before: before, after: after, sent: cluster.packets.map(\.message), read: read,
            readOutcomes: cluster.readOutcomes)
        let start = sent.count
        for packet in cluster.packets { sent.append(table.number(of: packet)) }
        var place: Int?
        if !doings.isEmpty {
            place = deeds.count
            deeds.append(doings)
        }
        return LocalStep(
            next: table.number(of: after), sent: start..<sent.count, deeds: place,
            violation: cluster.violation)
    }

    /// Lets the disk do at once what it is asked to.
    private func sync(_ cluster: inout ModelCluster) {
        while cluster.violation == nil, let node = cluster.nodes.first, node.isUp {
            if !node.disk.pending.isEmpty {
                cluster.perform(.sync(node.id, count: node.disk.pending.count))
            } else if node.unstoredSnapshot != nil {
                cluster.perform(.storeSnapshot(node.id))
            } else {
                return
            }
        }
    }

    /// Commands are named by their entries: one that stands elsewhere has been moved there.
    private func checkNames(_ node: ModelNode, _ cluster: inout ModelCluster) {
        var index = node.log.base.index
        for entry in node.log.entries {
            index = index.next
            let id = EntryID(term: entry.term, index: index)
            cluster.verdict.require(
                entry.payload == 0 || entry.payload == ModelCluster.payload(of: id),
                "node \(node.id) has another entry's command at \(id)")
        }
    }
}
