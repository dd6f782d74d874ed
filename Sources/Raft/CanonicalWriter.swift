/// Writes values so that equal ones give equal bytes, always and everywhere, also when the nodes bear
/// other names: whoever explores all states of a cluster need see only one of those that are alike.
///
/// The bytes are for comparing and for fingerprints; nothing reads them back.
package struct CanonicalWriter {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    /// The name that each node bears here, by its number.
    private let names: [UInt8]
    /// Whether reads, and with them the numbers of heartbeat rounds, have no part in what is told apart.
    package let ignoresRounds: Bool

    /// Starts with nothing.
    ///
    /// - Parameter names: For each node's number, from 0 on, the number written in its place; 0 is nobody.
    package init(names: [UInt8], ignoresRounds: Bool = false) {
        self.names = names
        self.ignoresRounds = ignoresRounds
        bytes.reserveCapacity(256)
    }

    /// Forgets what has been written.
    package mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    /// The name that a node bears here.
    package func name(of node: NodeID) -> UInt8 { names[Int(node.rawValue)] }

    package mutating func add(_ number: UInt64) {
        if number < 255 { return bytes.append(UInt8(number)) }
        bytes.append(255)
        for shift in 0..<UInt64(8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> (8 * shift)))
        }
    }

    package mutating func add(_ number: Int) { add(UInt64(number)) }
    package mutating func add(_ flag: Bool) { bytes.append(flag ? 1 : 0) }
    package mutating func add(_ node: NodeID) { bytes.append(name(of: node)) }
    package mutating func add(_ node: NodeID?) {
        bytes.append(node.map { names[Int($0.rawValue)] } ?? 0)
    }
    package mutating func add(_ term: Term) { add(term.rawValue) }
    package mutating func add(_ index: LogIndex) { add(index.rawValue) }

    package mutating func add(_ index: LogIndex?) {
        add(index != nil)
        if let index { add(index) }
    }

    package mutating func add(_ entry: EntryID) {
        add(entry.term)
        add(entry.index)
    }

    package mutating func add(_ entry: EntryID?) {
        add(entry != nil)
        if let entry { add(entry) }
    }

    package mutating func add(_ state: HardState) {
        add(state.term)
        add(state.vote)
    }

    package mutating func add(_ runs: [TermRun]) {
        add(runs.count)
        for run in runs {
            add(run.term)
            add(run.count)
        }
    }

    /// Writes who is in a group, in whatever order they are told.
    package mutating func addGroup(_ nodes: [NodeID]) {
        var names = nodes.map(name)
        names.sort()
        add(names.count)
        bytes += names
    }

    package mutating func add(_ configuration: Configuration) {
        addGroup(configuration.incoming)
        addGroup(configuration.outgoing)
        addGroup(configuration.learners)
        addGroup(configuration.promoting)
        add(configuration.roster.count)
        for place in places(of: configuration.roster, by: \.id) {
            let member = configuration.roster[place]
            add(member.id)
            add(member.incarnation)
            add(UInt64(member.priority))
            add(member.address.utf8.count)
            bytes += member.address.utf8
        }
    }

    package mutating func add(_ configuration: Configuration?) {
        add(configuration != nil)
        if let configuration { add(configuration) }
    }

    package mutating func add(_ placed: [PlacedConfiguration]) {
        add(placed.count)
        for one in placed {
            add(one.index)
            add(one.configuration)
        }
    }

    /// The places of some things, in the order of the names of the nodes they belong to; those of one
    /// node stay in their order.
    package func places<Element>(of all: [Element], by node: (Element) -> NodeID) -> [Int] {
        all.indices.sorted { left, right in
            let names = (name(of: node(all[left])), name(of: node(all[right])))
            return names.0 != names.1 ? names.0 < names.1 : left < right
        }
    }

    package mutating func add(_ message: Message) {
        add(message.from)
        add(message.to)
        add(message.term)
        switch message.body {
        case .preVoteRequest(let last): add(1, last)
        case .preVoteResponse(let granted, let term):
            add(granted ? 2 : 3)
            add(term)
        case .voteRequest(let last, let isTransfer): add(isTransfer ? 4 : 5, last)
        case .voteResponse(let granted): add(granted ? 6 : 7)
        case .append(let request):
            add(8, request.previous)
            add(request.entries)
            add(request.commitIndex)
            add(request.configurations)
        case .appendResponse(.accepted(let match)):
            add(9)
            add(match)
        case .appendResponse(.rejected(let previous, let hint)):
            add(10, hint)
            add(previous)
        case .heartbeat(let committed, let round):
            add(11, committed)
            addRound(round)
        case .heartbeatResponse(let round, let promise):
            add(12)
            addRound(round)
            add(promise)
        case .commitNotice(let committed): add(13, committed)
        case .snapshotPart(let part):
            add(14, part.lastIncluded)
            add(part.configuration)
            add(part.offset)
            add(part.isLast)
        case .snapshotResponse(let response):
            add(15, response.lastIncluded)
            add(response.received)
        case .readIndexRequest(let read):
            add(16)
            add(read.rawValue)
        case .readIndexResponse(let read, let index):
            add(17)
            add(read.rawValue)
            add(index)
        case .timeoutNow: add(18)
        }
    }

    private mutating func add(_ kind: Int, _ entry: EntryID) {
        add(kind)
        add(entry)
    }

    /// Without reads nothing depends on which round it is.
    package mutating func addRound(_ round: UInt64) { add(ignoresRounds ? 0 : round) }
}
