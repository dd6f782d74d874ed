internal import Raft
public import RaftStorage
internal import RaftTransport

// A node whose disk no longer holds what it said that it held. What it has voted for and acknowledged behind the
// damage nobody knows, so it must not act as the one that it was: it puts its files aside, for good and before
// anything else, and begins anew as another incarnation that has promised nothing. To the others the one before is
// a voter that has stopped, and this one is taken in like any newcomer, under the old name (`MembershipChange.readmit`).

/// A node on its way back.
struct Rejoining {
    var record: RejoinRecord
    /// Whom it asks.
    var peers: [NodeID]
    var nextWish = Instant(nanoseconds: 0)
}

extension NodeLoop {
    /// Who this node was and is, from the moment at which it found its directory damaged until the cluster
    /// knows it by its new incarnation.
    public var rejoinRecord: RejoinRecord? { rejoining?.record }

    // MARK: Opening

    static func openOrBeginAnew(
        _ start: NodeStart, files: Files, _ settings: LogSettings, random: inout SplitMix64
    ) throws(NodeFailure) -> Disk {
        let fresh = random.next()
        var record = try storing { () throws(StorageError) in
            try RejoinRecord.read(files, directory: start.directory)
        }
        do throws(NodeFailure) {
            return try open(start, files: files, settings, &record, fresh: fresh)
        } catch {
            guard case .storage(let damage) = error, start.repair == .rejoin,
                let next = try giveUp(start, files: files, after: record, damage, fresh: fresh)
            else { throw error }
            record = next
        }
        return try open(start, files: files, settings, &record, fresh: fresh)
    }

    private static func storing<Value>(
        _ work: () throws(StorageError) -> Value
    ) throws(NodeFailure) -> Value {
        do throws(StorageError) { return try work() } catch { throw .storage(error) }
    }

    /// Opens the directory; of one that has been given up, the one that takes its place.
    private static func open(
        _ start: NodeStart, files: Files, _ settings: LogSettings, _ record: inout RejoinRecord?,
        fresh: UInt64
    ) throws(NodeFailure) -> Disk {
        guard var known = record else {
            return try openDisk(start, files: files, settings, incarnation: fresh)
        }
        let directory = start.directory
        if known.stage == .moving {
            try storing { () throws(StorageError) in
                try Quarantine.moveAside(known.replaced.last ?? 0, in: directory, files: files)
                known.stage = .making
                try known.write(files, directory: directory)
            }
            record = known
        }
        var joiner = start
        joiner.initialConfiguration = Configuration(voters: [])
        if known.stage == .joining { try checkPresence(in: start, files: files) }
        var disk = try openDisk(joiner, files: files, settings, incarnation: known.incarnation)
        guard disk.recovered.identity.incarnation == known.incarnation else {
            throw .storage(
                StorageError(
                    .foreign, operation: "open log", path: directory,
                    detail: "this node has given up that log, and begun anew"))
        }
        if known.stage == .making {
            known.stage = .joining
            try storing { () throws(StorageError) in
                try known.write(files, directory: directory)
            }
            record = known
        }
        disk.rejoin = known
        return disk
    }

    /// A log that is gone after it was made may have acknowledged: it is not made again.
    private static func checkPresence(
        in start: NodeStart, files: Files
    ) throws(NodeFailure) {
        let hasLog = try storing { () throws(StorageError) in
            try Quarantine.holdsLog(start.directory, files: files)
        }
        guard hasLog else {
            throw .storage(
                StorageError(
                    .notFound, operation: "open log", path: start.directory,
                    detail: "the log that was made here is gone; this node must not vote again"))
        }
    }

    /// Puts down that the directory is given up, if that is what the damage calls for.
    ///
    /// - Returns: Nothing when the node has to refuse.
    private static func giveUp(
        _ start: NodeStart, files: Files, after record: RejoinRecord?, _ damage: StorageError,
        fresh: UInt64
    ) throws(NodeFailure) -> RejoinRecord? {
        guard case .corrupt = damage.kind else { return nil }
        return try storing { () throws(StorageError) in
            let owner = try Quarantine.owner(
                of: start.directory, files: files, cluster: start.cluster, node: start.node)
            guard let incarnation = owner?.incarnation ?? record?.incarnation,
                record != nil || owner.map({ mayRejoin($0, start) }) ?? false
            else { return nil }
            let next = RejoinRecord(
                incarnation: fresh, replacing: (record?.replaced ?? []) + [incarnation],
                cause: "\(damage)")
            try next.write(files, directory: start.directory)
            return next
        }
    }

    /// Whether the others know this node by its incarnation, and there are others.
    private static func mayRejoin(_ owner: Quarantine.Owner, _ start: NodeStart) -> Bool {
        let initial = owner.initialConfiguration
        let known = (initial ?? start.initialConfiguration).members
        let founders = owner.founding?.members.map(\.id) ?? []
        guard (known + founders + start.peers).contains(where: { $0 != start.node }) else {
            return false
        }
        if owner.founding?.isComplete == true { return true }
        // Whoever joins an existing cluster is asked for its incarnation.
        return initial.map { initial in
            initial.members.allSatisfy { initial.member($0)?.incarnation ?? 0 != 0 }
        } ?? false
    }

    mutating func beginRejoining(_ record: RejoinRecord, _ start: NodeStart) {
        let known = (start.peers + start.initialConfiguration.members).sorted()
        var peers: [NodeID] = []
        for peer in known where peer != start.node && peer != peers.last { peers.append(peer) }
        rejoining = Rejoining(record: record, peers: peers)
        let path = Quarantine.path(of: record.replaced.last ?? 0, in: directory)
        notices.append(.rejoining(record, aside: path))
    }

    // MARK: Asking

    /// Asks for readmission once an election timeout, until the cluster knows this node by its incarnation.
    mutating func askForReadmission() {
        guard var rejoining, failure == nil else { return }
        let known = core.configuration.incarnation(of: identity.node)
        guard known != identity.incarnation || !core.isConfigurationCommitted else {
            return endRejoining()
        }
        guard rejoining.nextWish <= now else { return }
        rejoining.nextWish = now.advanced(byMilliseconds: settings.electionTimeoutMilliseconds)
        self.rejoining = rejoining
        for peer in rejoining.peers {
            network.send(.rejoin(RejoinRequest(replaced: rejoining.record.replaced)), to: peer)
        }
    }

    private mutating func endRejoining() {
        do throws(StorageError) {
            try RejoinRecord.remove(files, directory: directory)
        } catch { return fail(.storage(error)) }
        rejoining = nil
        notices.append(.rejoined(core.configuration))
    }

    // MARK: Being asked

    /// Takes the next step on the way of a member that has begun anew. Whoever does not lead leaves it to the
    /// leader; what cannot be done now is asked for again.
    mutating func receive(_ request: RejoinRequest, from peer: NodeID, incarnation: UInt64) {
        guard core.roleName == .leader, peer != identity.node else { return }
        let known = core.configuration.incarnation(of: peer) ?? 0
        guard known != incarnation else { return }
        guard known != 0, request.replaced.contains(known) else {
            return ignoreStranger(peer, incarnation)
        }
        membership.appendedEntry = nil
        feed(.changeMembership(.readmit(peer, incarnation: incarnation)))
        if membership.appendedEntry != nil {
            notices.append(.readmitting(peer, incarnation: incarnation))
        }
    }
}
