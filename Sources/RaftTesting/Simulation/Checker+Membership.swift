internal import Raft

// Memberships: which was in force where, that one follows on the other as it must, and whom each counts.

extension Checker {
    /// A membership in the log.
    struct PlacedMembership {
        var entry: EntryID
        var configuration: Configuration
    }

    /// What is known of a member as the membership knows it: one that has lost its disk since, and came back
    /// with another incarnation, is not the one that is counted.
    ///
    /// Hands it out in place: a copy would cost more than most looks at it.
    func withWitness<Result>(
        of node: NodeID, in configuration: Configuration, _ look: (borrowing Witness) -> Result
    ) -> Result {
        let place = Int(node.rawValue) - 1
        guard let pinned = configuration.incarnation(of: node), pinned != 0 else {
            return look(witnesses[place])
        }
        guard let generation = incarnations[place].firstIndex(of: pinned) else {
            return look(Witness())
        }
        return generation < archives[place].count
            ? look(archives[place][generation]) : look(witnesses[place])
    }

    /// A node's directory is gone, and with it what it was.
    func wiped(_ place: Int) {
        archives[place].append(witnesses[place])
        witnesses[place] = Witness()
        witnesses[place].generation = archives[place].count
    }

    func noteIncarnation(_ incarnation: UInt64, of place: Int) {
        let known = incarnations[place]
        if known.count == archives[place].count {
            incarnations[place].append(incarnation)
        } else {
            expect(known.last == incarnation, "node \(place + 1) changed its incarnation")
        }
    }

    /// The newest membership that is committed anywhere.
    var committedConfiguration: Configuration {
        let count = LogIndex(UInt64(committed.count))
        let newest = configurations.last {
            $0.entry.index <= count && term(of: $0.entry.index) == $0.entry.term
        }
        return newest?.configuration ?? initial
    }

    /// The memberships that may be in force somewhere: the newest committed one, and those after it.
    func configurationsAtHand(_ counts: (Int) -> Bool) -> [Configuration] {
        let count = LogIndex(UInt64(committed.count))
        let later = configurations.filter { placed in
            placed.entry.index > count
                && witnesses.indices.contains {
                    counts($0) && witnesses[$0].log.contains(placed.entry)
                }
        }
        return [committedConfiguration] + later.map(\.configuration)
    }

    func observeConfiguration(_ node: SimulatedNode, _ core: RaftCore) {
        let place = node.place
        if core.configuration != witnesses[place].configuration {
            witnesses[place].configuration = core.configuration
            learnConfigurations(core)
        }
        checkFoundingMembership(core)
        guard !configurations.isEmpty else { return }
        let newest = configurations.last { placed in
            core.log.contains(placed.entry)
                || placed.entry.index <= core.log.base.index
                    && term(of: placed.entry.index) == placed.entry.term
        }
        let isRight =
            newest.map { $0.configuration == core.configuration }
            ?? (meetsFounders || core.configuration == initial
                || core.configuration == node.startConfiguration)
        expect(
            isRight,
            "node \(core.id) goes by \(core.configuration), its log says \(String(describing: newest))"
        )
    }

    /// Takes up the memberships in a log that nobody was seen to hold before.
    private func learnConfigurations(_ core: RaftCore) {
        var previous = core.configuration(at: core.log.base.index)
        var last = core.log.base.index
        var index = last.next
        while index <= core.log.lastIndex {
            defer { index = index.next }
            let configuration = core.configuration(at: index)
            guard configuration != previous, let term = core.log.term(at: index) else { continue }
            let entry = EntryID(term: term, index: index)
            if let known = configurations.first(where: { $0.entry == entry }) {
                expect(
                    known.configuration == configuration,
                    "entry \(entry) is another membership at node \(core.id)")
            } else {
                let place = configurations.firstIndex { $0.entry.index > index }
                configurations.insert(
                    PlacedMembership(entry: entry, configuration: configuration),
                    at: place ?? configurations.count)
                checkSuccession(previous, configuration, entry, after: last)
                noteSuccession(previous, configuration, entry)
            }
            previous = configuration
            last = index
        }
    }

    /// Two memberships in a row that could decide at one time have a node in common in any two quorums.
    private func checkSuccession(
        _ before: Configuration, _ after: Configuration, _ entry: EntryID, after last: LogIndex
    ) {
        // A node that joins did not know the members before.
        guard !before.incoming.isEmpty else { return }
        let isSound =
            before.isJoint
            ? !after.isJoint && after.incoming == before.incoming
            : after.isJoint
                ? after.outgoing == before.incoming : after.incoming == before.incoming
        expect(isSound, "the membership \(after) at \(entry) must not follow on \(before)")
        for member in before.roster
        where member.incarnation != 0 && before.isVoter(member.id) && after.isVoter(member.id) {
            // Who is counted has said what is counted, before and after.
            expect(
                after.incarnation(of: member.id) == member.incarnation,
                "the membership \(after) at \(entry) lets another one vote as \(member.id)")
        }
        expect(
            last.rawValue <= UInt64(committed.count),
            "two memberships, at \(last) and at \(entry), are not committed")
        expect(
            committed.last.map { $0.term >= entry.term } ?? false,
            "the membership at \(entry) came before its leader had committed anything")
    }

    private func noteSuccession(
        _ before: Configuration, _ after: Configuration, _ entry: EntryID
    ) {
        marks.hit(.membershipChanged)
        if after.isJoint { marks.hit(.jointEntered) }
        notePromotions(before, after)
        if let office = leaders[entry.term] {
            let leader = NodeID(UInt64(office.node) + 1)
            if before.isMember(leader), !after.isMember(leader) { marks.hit(.leaderRemoved) }
        }
        if after.learners.contains(where: before.incoming.contains) { marks.hit(.voterDemoted) }
        if before.members.contains(where: { !after.isMember($0) }) { marks.hit(.memberRemoved) }
        if before.isJoint,
            let joint = configurations.last(where: { $0.entry.index < entry.index }),
            joint.entry.term != entry.term
        {
            marks.hit(.jointLeftByAnother)
        }
        for member in after.roster where before.member(member.id) == nil {
            let known = incarnations[Int(member.id.rawValue) - 1]
            if let place = known.firstIndex(of: member.incarnation), place > 0 {
                marks.hit(.wipedReadmitted)
            }
        }
    }
}
