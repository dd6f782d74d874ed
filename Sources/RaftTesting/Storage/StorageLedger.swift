package import Raft
package import RaftStorage

/// What is known from outside of a `StorageTwin` in another process: in which states its directory may be.
package struct StorageLedger: Sendable {
    /// By this name is counted how often the log took no entries because the disk was full.
    package static let fullName = "times the disk was full"

    private let identity: NodeIdentity
    private var log = PossibleStates(LogTwinState())
    private var snapshots = PossibleStates(TwinSnapshot?.none)
    /// How many entries each change has put that is not acknowledged yet.
    private var unsynced: [Int] = []
    /// Whether a log was ever found: it can no longer be missing.
    private var hasLog = false
    /// What the process is in the midst of.
    package private(set) var deed: TwinWord.Deed?
    /// What was counted so far.
    package private(set) var counts = StorageCampaign.Report()

    /// Knows of a directory with nothing in it.
    package init(_ identity: NodeIdentity) { self.identity = identity }

    /// Takes in a line of the process. What is wrong is thrown as a `LogTwinFinding`.
    package mutating func take(_ line: String) throws(LogTwinFinding) {
        guard let word = TwinWord(line: line) else { throw LogTwinFinding("said: \(line)") }
        switch word {
        case .began(let deed): self.deed = deed
        case .ended(let ended):
            deed = nil
            // What the system has taken is not lost with the process.
            if ended == .write { log.makeDurable(log.all.count - 1) }
        case .log(let digest):
            try log.settle("\(digest)") { $0.digest == digest }
            hasLog = true
            unsynced = []
            counts.count("openings by the next process")
        case .noSnapshot: try snapshots.settle("no snapshot") { $0 == nil }
        case .foundSnapshot(let found): try snapshots.settle("\(found)") { $0 == found }
        case .change(let change): try take(change)
        case .durable(let count):
            guard count <= unsynced.count else { throw LogTwinFinding("said: \(line)") }
            counts.count("entries acknowledged", unsynced.prefix(count).reduce(0, +))
            counts.count("changes acknowledged", count)
            unsynced.removeFirst(count)
        case .snapshot(let snapshot): snapshots.add(snapshot)
        case .stored:
            snapshots.noteStored()
            counts.count("snapshots acknowledged")
        case .full: counts.count(Self.fullName)
        case .hasSpace: counts.count("times it had space again")
        case .snapshotRefused: counts.count("snapshots that found no space")
        }
    }

    private mutating func take(_ change: LogTwinChange) throws(LogTwinFinding) {
        guard log.newest.allows(change) else {
            throw LogTwinFinding("\(change) of \(log.newest)")
        }
        log.add(log.newest.changed(by: change))
        if case .put(_, let entries) = change {
            unsynced.append(entries.count)
        } else {
            unsynced.append(0)
        }
    }

    /// The process has been killed, or could not go on because the disk is full: no more lines come.
    package mutating func endOfProcess(byFullDisk isFull: Bool = false) {
        if isFull {
            counts.count("processes that ended because the disk was full")
        } else {
            counts.count("kills")
            counts.count(deed.map { "kills in the midst of: \($0.rawValue)" } ?? "kills between")
        }
        deed = nil
    }

    /// Opens the directory itself, as nobody else does just now, and holds it against what it may be.
    package mutating func judge<Files: FileSystem>(
        _ files: Files, directory: String, settings: LogSettings
    ) throws {
        let (_, snapshot) = try SnapshotTwin.open(files, directory, identity)
        try snapshots.settle(String(describing: snapshot)) { $0 == snapshot }
        counts.count("openings by the judge")
        guard let (_, state) = try LogTwin.open(files, directory, settings, identity) else {
            guard !hasLog else { throw LogTwinFinding("the log is gone") }
            return
        }
        hasLog = true
        if log.newest != state { counts.count("writes found cut short") }
        try log.settle(state) { $0 == state }
        unsynced = []
    }
}
