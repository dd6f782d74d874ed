internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import RaftTransport
internal import Testing
internal import Wire

@testable internal import RaftRuntime

/// Remembers all commands; the answer is how many there are. One that is `fail` cannot be applied.
private struct Tape: StateMachine {
    private(set) var commands: [[UInt8]] = []

    struct Refused: Error {}

    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> Int {
        var bytes: [UInt8] = []
        bytes.write(command)
        if bytes == Array("fail".utf8) { throw Refused() }
        commands.append(bytes)
        return commands.count
    }

    func image() -> Image { Image(commands: commands) }

    struct Image: SnapshotImage {
        let commands: [[UInt8]]

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var bytes: [UInt8] = []
            bytes.writePacked(PackedBytes(commands))
            try emit(bytes)
        }

        init(commands: [[UInt8]]) { self.commands = commands }

        init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            let packed = try bytes.readPacked(maxCount: 1 << 20, name: "commands", at: &offset)
            commands = (0..<packed.count).map { packed[$0] }
        }
    }

    mutating func restore(_ image: Image) { commands = image.commands }
}

/// Keeps what is sent and the jobs that are started, for the test to look at and to do.
private final class Outside: Network, Background {
    typealias Files = SimulatedFileSystem
    typealias Image = Tape.Image

    var sent: [(to: NodeID, envelope: Envelope)] = []
    var jobs: [BackgroundJob<SimulatedFileSystem, Tape.Image>] = []
    var isReachable = true

    func send(_ envelope: consuming Envelope, to peer: NodeID) -> Bool {
        if isReachable { sent.append((peer, envelope)) }
        return isReachable
    }

    func start(_ job: BackgroundJob<SimulatedFileSystem, Tape.Image>) { jobs.append(job) }
}

/// One node of a cluster, driven by hand.
private final class Rig {
    var node: NodeLoop<Tape, SimulatedFileSystem, Outside, Outside>
    let outside = Outside()
    var time: UInt64 = 0

    init(
        _ files: SimulatedFileSystem, voters: Int, snapshotEntries: Int = 1000,
        snapshotLogBytes: Int? = nil, trailingEntries: Int = 2
    ) throws {
        var settings = NodeSettings()
        settings.snapshotEntries = snapshotEntries
        settings.snapshotLogBytes = snapshotLogBytes ?? settings.snapshotLogBytes
        settings.trailingEntries = trailingEntries
        let ids = (1...voters).map { NodeID(UInt64($0)) }
        node = try NodeLoop(
            NodeStart(
                directory: "/data", cluster: "test", node: NodeID(1),
                initialConfiguration: Configuration(voters: ids), seed: 1),
            machine: Tape(), files: files, logSettings: LogSettings(segmentBytes: 64 << 10),
            network: outside, background: outside, settings: settings,
            at: Instant(nanoseconds: 0))
        node.start()
    }

    func turn(after milliseconds: UInt64 = 1) {
        time += milliseconds
        node.turn(at: Instant(nanoseconds: time * 1_000_000), wallMilliseconds: 1_000_000 + time)
    }

    /// Does the jobs that are waiting, and those that they lead to.
    func settle() {
        repeat {
            let jobs = outside.jobs
            outside.jobs = []
            for job in jobs { node.finished(job.perform()) }
            turn()
        } while !outside.jobs.isEmpty
    }

    /// Waits out the timers of a cluster of one until it leads.
    func elect() {
        for _ in 0..<40 where node.core.roleName != .leader {
            turn(after: 100)
            settle()
        }
    }

    /// Waits out the timers of a larger cluster, in which node 2 grants what it is asked for.
    func electWithHelp() {
        for _ in 0..<40 where node.core.roleName != .leader {
            turn(after: 100)
            settle()
            let term = node.core.term
            hear(.preVoteResponse(granted: true, requestTerm: term), term: term.rawValue)
            turn()
            settle()
            hear(.voteResponse(granted: true), term: node.core.term.rawValue)
            turn()
        }
    }

    func propose(_ text: String) -> ProposalID { node.propose(Array(text.utf8).span) }

    /// Takes in a message as node 2, the leader of a term.
    func hear(_ body: Message.Body, _ contents: PackedBytes = PackedBytes(), term: UInt64) {
        let message = Message(from: NodeID(2), to: NodeID(1), term: Term(term), body: body)
        node.receive(.raft(message, contents), from: NodeID(2), incarnation: 0)
    }

    func hearEntries(
        after previous: EntryID, term: UInt64, commit: UInt64, _ texts: [String]
    ) {
        let contents = PackedBytes(
            texts.map { text in
                var bytes: [UInt8] = []
                EntryHeader(kind: .command, timeMilliseconds: 50).write(into: &bytes)
                return bytes + Array(text.utf8)
            })
        let runs = texts.isEmpty ? [] : [TermRun(term: Term(term), count: texts.count)]
        let request = AppendRequest(
            previous: previous, entries: runs, commitIndex: LogIndex(commit))
        hear(.append(request), contents, term: term)
    }
}

@Suite struct `A node's loop` {
    @Test func `a cluster of one answers once the entry is durable and not before`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        let id = rig.propose("a")
        rig.turn()
        #expect(rig.node.takeCompletions() == [])
        rig.settle()
        let entry = EntryID(term: Term(1), index: LogIndex(2))
        guard case .proposal(id, .done(1, let position)) = rig.node.takeCompletions().first else {
            Issue.record("no answer")
            return
        }
        #expect(position.entry == entry)
        #expect(position.timeMilliseconds >= 1_000_000)
    }

    @Test func `a log says what is durable when it is at rest, not behind each entry`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        for _ in 0..<3 {
            _ = rig.propose("a")
            rig.settle()
            let lacksMark = rig.node.log.lacksMarkAtRest
            #expect(lacksMark)
            rig.turn(after: 9)
            let stillLacksMark = rig.node.log.lacksMarkAtRest
            #expect(stillLacksMark, "the next entry may come")
        }
        let nextDeadline = rig.node.nextDeadline
        let deadline = try #require(nextDeadline)
        #expect(deadline <= Instant(nanoseconds: (rig.time + 1) * 1_000_000))
        rig.turn(after: 1)
        let lacksMark = rig.node.log.lacksMarkAtRest
        #expect(!lacksMark)
    }

    @Test func `of many commands at once each has its own outcome`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        _ = rig.node.takeCompletions()
        let large = [UInt8](repeating: 1, count: rig.node.settings.maxCommandBytes + 1)
        var commands = PackedBytes([[1], large, [2]])
        let first = rig.node.propose(all: &commands)
        #expect(commands.isEmpty)
        var more = PackedBytes([[3], [4]])
        #expect(rig.node.propose(all: &more) == first.advanced(by: 3))
        #expect(rig.propose("e") == first.advanced(by: 5))
        rig.settle()
        var ended: [UInt64] = []
        for case .proposal(let id, let outcome) in rig.node.takeCompletions() {
            ended.append(id.rawValue - first.rawValue)
            switch outcome {
            case .done: #expect(ended.last != 1)
            case .notDone(.tooLarge): #expect(ended.last == 1)
            default: Issue.record("\(outcome)")
            }
        }
        #expect(ended.sorted() == Array(0..<6))
        #expect(rig.node.machine.commands == [[1], [2], [3], [4], Array("e".utf8)])
    }

    @Test func `what was answered is there after a crash that keeps nothing unsynced`() throws {
        let files = SimulatedFileSystem()
        let rig = try Rig(files, voters: 1)
        rig.elect()
        for text in ["a", "b", "c"] { _ = rig.propose(text) }
        rig.settle()
        #expect(rig.node.takeCompletions().count == 3)
        files.crashKeepingNothing()
        let again = try Rig(files, voters: 1)
        again.elect()
        #expect(again.node.machine.commands == ["a", "b", "c"].map { Array($0.utf8) })
        #expect(again.node.core.term == Term(2))
    }

    @Test func `after a snapshot the log is short and a restart goes on from both`() throws {
        let files = SimulatedFileSystem()
        let rig = try Rig(files, voters: 1, snapshotEntries: 5)
        rig.elect()
        for number in 0..<12 {
            _ = rig.propose("\(number)")
            rig.settle()
        }
        let snapshot = try #require(rig.node.core.snapshot)
        #expect(snapshot.lastIncluded.index >= LogIndex(10))
        #expect(rig.node.core.log.base.index.advanced(by: 2) == snapshot.lastIncluded.index)
        files.crashKeepingNothing()
        let again = try Rig(files, voters: 1, snapshotEntries: 5)
        again.elect()
        #expect(again.node.machine.commands == (0..<12).map { Array("\($0)".utf8) })
    }

    @Test func `large entries lead to a snapshot before they are many, and few of them are kept`()
        throws
    {
        let rig = try Rig(
            SimulatedFileSystem(), voters: 1, snapshotLogBytes: 4000, trailingEntries: 1000)
        rig.elect()
        for number in 0..<3 {
            _ = rig.propose(String(repeating: "\(number)", count: 1000))
            rig.settle()
        }
        #expect(rig.node.core.snapshot == nil, "three of them have less than 4,000 bytes")
        for number in 3..<20 {
            _ = rig.propose(String(repeating: "\(number % 10)", count: 1000))
            rig.settle()
        }
        let snapshot = try #require(rig.node.core.snapshot)
        #expect(snapshot.lastIncluded.index >= LogIndex(17))
        let kept = snapshot.lastIncluded.index.distance(from: rig.node.core.log.base.index)
        #expect(kept == 3, "behind the snapshot no more than 4,000 bytes are kept")
    }

    @Test func `a directory with snapshots and without a log is refused`() throws {
        let files = SimulatedFileSystem()
        let rig = try Rig(files, voters: 1, snapshotEntries: 2)
        rig.elect()
        for number in 0..<5 {
            _ = rig.propose("\(number)")
            rig.settle()
        }
        files.endProcess()
        for name in try files.list("/data/log") { try files.remove("/data/log/" + name) }
        #expect(throws: NodeFailure.self) { try Rig(files, voters: 1) }
    }

    @Test func `without a leader a proposal waits and is surely not done at the end`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 3)
        let id = rig.propose("a")
        let ticket = rig.node.read()
        rig.turn()
        #expect(rig.node.takeCompletions() == [])
        rig.turn(after: 6000)
        #expect(
            rig.node.takeCompletions() == [
                .read(ticket, .timeout), .proposal(id, .notDone(.noLeader(known: nil))),
            ])
    }

    @Test func `a follower forwards and answers from its own machine`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 3)
        rig.hear(.heartbeat(committed: .zero, round: 1), term: 1)
        rig.turn()
        rig.settle()
        let id = rig.propose("a")
        rig.turn()
        guard case .proposals(let group) = rig.outside.sent.last?.envelope else {
            Issue.record("not forwarded")
            return
        }
        var entry: [UInt8] = []
        EntryHeader(
            kind: .forwarded(origin: NodeID(1), sequence: group.firstSequence), timeMilliseconds: 7
        ).write(into: &entry)
        let request = AppendRequest(
            previous: .zero, entries: [TermRun(term: Term(1), count: 1)], commitIndex: LogIndex(1))
        rig.hear(.append(request), PackedBytes([entry + group.commands[0]]), term: 1)
        rig.turn()
        let position = LogPosition(
            entry: EntryID(term: Term(1), index: LogIndex(1)), timeMilliseconds: 7)
        #expect(rig.node.takeCompletions() == [.proposal(id, .done(1, at: position))])
    }

    @Test func `a forwarded proposal is unknown when the leader's process has gone`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 3)
        rig.hear(.heartbeat(committed: .zero, round: 1), term: 1)
        rig.turn()
        rig.settle()
        let id = rig.propose("a")
        rig.turn()
        rig.node.connectionClosed(NodeID(2))
        #expect(rig.node.takeCompletions() == [.proposal(id, .unknown(.leaderLost))])
        rig.outside.isReachable = false
        rig.hear(.heartbeat(committed: .zero, round: 2), term: 1)
        rig.turn()
        let second = rig.propose("b")
        rig.turn()
        #expect(
            rig.node.takeCompletions() == [
                .proposal(second, .notDone(.noLeader(known: NodeID(2))))
            ])
    }

    @Test func `a leader's proposal is superseded only when another entry is committed there`()
        throws
    {
        let rig = try Rig(SimulatedFileSystem(), voters: 3)
        rig.electWithHelp()
        let term = rig.node.core.term.rawValue
        let id = rig.propose("mine")
        rig.settle()
        rig.hearEntries(after: .zero, term: term + 1, commit: 0, ["x", "y", "z"])
        rig.turn()
        #expect(rig.node.takeCompletions() == [], "replaced, but perhaps committed elsewhere")
        rig.hearEntries(
            after: EntryID(term: Term(term + 1), index: LogIndex(3)), term: term + 1, commit: 3, [])
        rig.settle()
        #expect(rig.node.takeCompletions() == [.proposal(id, .notDone(.superseded))])
    }

    @Test func `commands before one that fails are done, those behind it unknown`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        let before = rig.node.applied.index
        let ids = ["a", "b", "fail", "c"].map { rig.propose($0) }
        rig.settle()
        let completions = rig.node.takeCompletions()
        #expect(completions.count == 4)
        for (i, completion) in completions.enumerated() {
            switch completion {
            case .proposal(let id, .done(let count, at: let position)):
                #expect(i < 2 && id == ids[i] && count == i + 1)
                #expect(position.entry.index == before.advanced(by: i + 1))
            default: #expect(i >= 2 && completion == .proposal(ids[i], .unknown(.stopped)))
            }
        }
        #expect(rig.node.applied.index == before.advanced(by: 2))
    }

    @Test func `a machine that fails stops the node and says where`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        let id = rig.propose("fail")
        rig.settle()
        guard case .machine(let entry, _) = rig.node.failure else {
            Issue.record("the node went on")
            return
        }
        #expect(entry.index == LogIndex(2))
        #expect(rig.node.takeCompletions() == [.proposal(id, .unknown(.stopped))])
        let late = rig.propose("late")
        #expect(rig.node.takeCompletions() == [.proposal(late, .notDone(.stopped))])
        #expect(rig.node.nextDeadline == nil)
    }

    @Test func `a failed sync stops the node and nothing is acknowledged`() throws {
        let files = SimulatedFileSystem()
        let rig = try Rig(files, voters: 1)
        rig.elect()
        let id = rig.propose("a")
        rig.turn()
        files.failingCall = files.callCount + 1
        rig.settle()
        guard case .storage = rig.node.failure else {
            Issue.record("the node went on")
            return
        }
        #expect(rig.node.takeCompletions() == [.proposal(id, .unknown(.stopped))])
    }

    @Test func `a failed write stops the node, which names it, and nothing is acknowledged`() throws
    {
        let files = SimulatedFileSystem()
        let rig = try Rig(files, voters: 1)
        rig.elect()
        let id = rig.propose("a")
        files.failingOperation = "write"
        rig.turn()
        guard case .storage(let error) = rig.node.failure else {
            Issue.record("the node went on")
            return
        }
        #expect(error.operation == "write")
        #expect(rig.node.takeCompletions() == [.proposal(id, .unknown(.stopped))])
    }

    @Test func `a sync vouches for what was written before it began and for no more`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        let first = rig.propose("a")
        rig.turn()
        let jobs = rig.outside.jobs
        rig.outside.jobs = []
        _ = rig.propose("b")
        rig.turn()
        #expect(jobs.count == 1 && rig.outside.jobs.isEmpty)
        for job in jobs { rig.node.finished(job.perform()) }
        rig.turn()
        let done = rig.node.takeCompletions().map { completion -> ProposalID? in
            if case .proposal(let id, .done) = completion { id } else { nil }
        }
        #expect(done == [first])
    }

    @Test func `a snapshot that could not be written is tried again later`() throws {
        let files = SimulatedFileSystem()
        let rig = try Rig(files, voters: 1, snapshotEntries: 5)
        rig.elect()
        files.failingOperation = "rename"
        for number in 0..<6 {
            _ = rig.propose("\(number)")
            rig.settle()
        }
        #expect(files.failingOperation == nil && rig.node.core.snapshot == nil)
        for number in 0..<6 {
            _ = rig.propose("\(number)")
            rig.settle()
        }
        #expect(rig.node.failure == nil && rig.node.core.snapshot != nil)
    }

    @Test func `reads beyond the limit are refused at once`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 3)
        for _ in 0..<rig.node.settings.maxWaitingReads { _ = rig.node.read() }
        #expect(rig.node.takeCompletions().isEmpty)
        let late = rig.node.read()
        #expect(rig.node.takeCompletions() == [.read(late, .overloaded)])
    }

    @Test func `commands beyond the limit are refused here and from others`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 1)
        rig.elect()
        let large = [UInt8](repeating: 0, count: NodeSettings.largestCommandBytes + 1)
        let id = rig.node.propose(large.span)
        #expect(
            rig.node.takeCompletions() == [.proposal(id, .notDone(.tooLarge(limit: 1 << 20)))])
        let group = ForwardedProposals(firstSequence: 9, commands: PackedBytes([large]))
        rig.node.receive(.proposals(group), from: NodeID(2), incarnation: 0)
        rig.settle()
        let refused = RefusedProposals(firstSequence: 9, count: 1, refusal: .overloaded)
        #expect(rig.outside.sent.last?.envelope == .proposalsRefused(refused))
        #expect(rig.node.machine.commands.isEmpty)
    }

    @Test func `entries that do not fit one append follow in the same turn without a gap`() throws {
        let rig = try Rig(SimulatedFileSystem(), voters: 3)
        rig.electWithHelp()
        let term = rig.node.core.term.rawValue
        rig.hear(.appendResponse(.accepted(matchIndex: LogIndex(1))), term: term)
        rig.turn()
        rig.outside.sent = []
        let command = [UInt8](repeating: 1, count: 400 << 10)
        for _ in 0..<6 { _ = rig.node.propose(command.span) }
        rig.turn()
        var next = LogIndex(2)
        for (to, envelope) in rig.outside.sent where to == NodeID(2) {
            guard case .raft(let message, let contents) = envelope,
                case .append(let request) = message.body, request.count > 0
            else { continue }
            #expect(request.previous.index.next == next)
            #expect(contents.count == request.count)
            #expect(contents.byteCount <= 1 << 20)
            next = request.lastIndex.next
        }
        #expect(next == LogIndex(8))
    }
}
