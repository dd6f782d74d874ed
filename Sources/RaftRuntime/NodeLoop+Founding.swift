public import Raft
internal import RaftStorage

extension NodeLoop {
    /// What the start of a node finds out about its founding membership.
    struct FoundingStart {
        /// The membership at the node's snapshot, or before all entries of the log when there is none.
        var configuration: Configuration
        /// The founding that is not complete yet.
        var founding: Founding?
        /// The incarnations of the founders that were put down.
        var founders: [Member]
    }

    /// - Parameter point: The node's snapshot. Where the cluster begins behind it, what it says of the members lacks
    ///   what only the founding has told.
    static func openFounding(
        _ start: NodeStart, _ recovered: RecoveredLog, _ point: RaftCore.SnapshotPoint?,
        isUntouched: Bool, files: Files
    ) throws(NodeFailure) -> FoundingStart {
        let initial = recovered.initialConfiguration
        let record: FoundingRecord?
        do throws(StorageError) {
            record = try FoundingRecord.read(files, directory: start.directory)
        } catch { throw .storage(error) }
        if let known = record?.members.first(where: { $0.id == start.node }),
            known.incarnation != recovered.identity.incarnation
        {
            // The log was removed, and votes and acknowledged entries with it, and this file was left.
            throw .storage(
                StorageError(
                    .notFound, operation: "open log", path: start.directory,
                    detail: "the log that was founded here is gone; this node must not vote again"))
        }
        let origin = record?.origin ?? .zero
        let end = point?.lastIncluded ?? .zero
        guard origin.index <= end.index else {
            throw .storage(
                StorageError(
                    .notFound, operation: "open", path: start.directory,
                    detail: "a restoration to entry \(origin) was not finished here"))
        }
        let founders = record?.members ?? []
        let founding = Founding(
            own: recovered.identity, founders: initial.incoming, origin: origin, known: founders)
        func begin(_ configuration: Configuration, _ founding: Founding? = nil) -> FoundingStart {
            FoundingStart(
                configuration: configuration, founding: founding, founders: founders)
        }
        let configuration = point?.configuration ?? initial
        let known = end == origin ? founding.configuration : configuration
        if record?.isComplete == true { return begin(known) }
        // A log that was in use without a record was founded in another way.
        guard initial.incoming.contains(start.node), record != nil || isUntouched,
            start.meetsFounders || origin != .zero
        else { return begin(configuration) }
        // Alone: there is nobody who could know of an earlier incarnation.
        guard !founding.missing.isEmpty else { return begin(known) }
        return begin(configuration, founding)
    }

    /// The founders that this node waits for before it takes part: their incarnations are not known yet, or
    /// they have not said that they know this node's. Empty for a node that takes part.
    public var awaitedFounders: [NodeID] { founding?.missing ?? [] }

    /// Takes in that a handshake shows who a peer is, before it is answered.
    ///
    /// During the founding of a cluster this blocks on the disk when the peer is new; on return it is put down,
    /// and answering tells the peer so. After the founding, or without one, a peer that still founds is told so only
    /// if this very incarnation was put down then: nodes that have lost their disks must not found a second
    /// cluster beside this one, with the help of those who never knew them or know them no more.
    /// - Parameter isFounding: Whether the peer still waits for other founders.
    /// - Returns: Whether it may be answered.
    public mutating func meet(_ identity: NodeIdentity, isFounding: Bool) -> Bool {
        guard failure == nil else { return false }
        guard var founding else {
            return !isFounding
                || founders.contains {
                    $0.id == identity.node && $0.incarnation == identity.incarnation
                }
        }
        switch founding.meet(identity.node, incarnation: identity.incarnation) {
        case .refused: return false
        case .otherOrigin:
            if isNewStranger(identity.node, identity.incarnation) {
                notices.append(.founderRefused(identity.node))
            }
            return false
        case .nothingNew: return true
        case .new: return keep(founding)
        }
    }

    /// Takes in that a peer has answered this node's handshake, and so knows its incarnation.
    public mutating func wasMet(by identity: NodeIdentity) {
        guard meet(identity, isFounding: false), var founding else { return }
        founding.noteWitness(identity.node)
        guard founding.missing.isEmpty else {
            self.founding = founding
            return
        }
        guard keep(founding) else { return }
        self.founding = nil
        founders = founding.known
        // Until now the core has heard and said nothing.
        core = RaftCore(
            id: founding.own.node, incarnation: founding.own.incarnation,
            configuration: founding.configuration, hardState: core.hardState, log: core.log,
            snapshot: core.snapshot, settings: settings.coreForLoop)
        notices.append(.founded(founding.configuration))
        if hasStarted { beginCore() }
    }

    private mutating func keep(_ founding: Founding) -> Bool {
        do throws(StorageError) {
            try founding.record.write(files, directory: directory)
        } catch {
            fail(.storage(error))
            return false
        }
        self.founding = founding
        if !founding.missing.isEmpty { notices.append(.awaitingFounders(founding.missing)) }
        return true
    }

    mutating func beginCore() {
        feed(.start)
        // What the disk has shown before, this core has not been told.
        if disk.isStalled || space.isFull { feed(.diskHealth(isStalled: true)) }
        feed(.flush)
    }
}
