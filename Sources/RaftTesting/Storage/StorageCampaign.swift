internal import Raft
internal import RaftRuntime
internal import RaftStorage

/// The log on a simulated disk, through every kind of end: against a twin that is an array.
///
/// Four proofs, each with its counts: random crashes and restarts; power that fails at every call of a run, and
/// with every set of unsynced sectors and names surviving; every single call that fails; every byte that flips. In
/// each the log must come back in a state that it may be in: all that was synced, nothing that never was written.
public struct StorageCampaign {
    /// What was done, and what was found.
    public struct Report: Hashable, Sendable {
        /// What the counts are of, in the order in which they were first counted.
        public private(set) var counts: [Count] = []
        /// What was wrong, each with the words that repeat it.
        public internal(set) var findings: [String] = []

        /// One of them.
        public struct Count: Hashable, Sendable {
            /// What was counted.
            public var name: String
            /// How often it was.
            public var count: Int
        }

        mutating func count(_ name: String, _ number: Int = 1) {
            if let i = counts.firstIndex(where: { $0.name == name }) {
                counts[i].count += number
            } else {
                counts.append(Count(name: name, count: number))
            }
        }
    }

    static let directory = "/data"
    static let identity = NodeIdentity(
        cluster: "campaign", node: NodeID(7), incarnation: 0x0BAD_CAFE)
    static let settings = LogSettings(
        segmentBytes: 4096, cacheBytes: 0, spareSegments: 2, pageBytes: 512)

    /// Of a run that is cut short at each of its calls: with spare segments, and without.
    static func settings(ofRun seed: UInt64) -> LogSettings {
        LogSettings(
            segmentBytes: 4096, cacheBytes: 0, spareSegments: seed % 2 == 0 ? 2 : 0, pageBytes: 512)
    }
    /// So many steps lie between the two ends of a run that is cut short at each of its calls.
    static let shortRun = 40

    /// The outcome so far.
    public internal(set) var report = Report()

    /// Starts with nothing.
    public init() {}

    static func twin(
        _ files: SimulatedFileSystem, seed: UInt64, settings: LogSettings = settings
    ) throws -> LogTwin<SimulatedFileSystem> {
        try LogTwin(
            files, directory: directory, settings: settings, identity: identity, seed: seed)
    }

    /// Ends the log at random moments, and opens it again.
    ///
    /// Each disk sees fifty ends; of three, two are power failures that leave any sectors and names of what was not
    /// synced, and one is the end of the process, which loses nothing.
    ///
    /// - Parameter cutsSteps: Whether the end comes at any call of the disk, or only between two steps.
    public mutating func runCycles(_ count: Int, seed: UInt64, cutsSteps: Bool = false) {
        var done = 0
        var disk = seed
        while done < count, report.findings.isEmpty {
            do {
                try runCycles(min(50, count - done), onDisk: disk, cutsSteps)
            } catch {
                let kind = cutsSteps ? "cycles cut at calls" : "cycles"
                report.findings.append("\(kind), disk \(disk): \(error)")
            }
            done += 50
            disk &+= 1
        }
    }

    private mutating func runCycles(
        _ count: Int, onDisk seed: UInt64, _ cutsSteps: Bool
    ) throws {
        let files = SimulatedFileSystem()
        let settings = cutsSteps ? Self.settings(ofRun: seed) : Self.settings
        var twin = try Self.twin(files, seed: seed, settings: settings)
        report.count("disks")
        for _ in 0..<count {
            if cutsSteps {
                try runUntilCut(&twin, files)
            } else {
                for _ in 0..<twin.roll(1...30) {
                    try twin.step()
                    report.count("steps")
                }
            }
            let before = twin.states.count
            let isOnlyProcess = twin.roll(0...2) == 0
            if isOnlyProcess {
                files.endProcess()
                report.count("ends of the process")
            } else {
                files.crash(using: &twin.dice)
                report.count("power failures")
            }
            let known = twin.state
            if cutsSteps {
                try countReuse(files)
                try openWithInterruptions(&twin, files, settings)
            }
            try twin.reopen()
            report.count("restarts")
            guard before > 1, twin.state != known else { continue }
            guard !isOnlyProcess || cutsSteps else {
                throw LogTwinFinding("the process has ended, and lost what it had written")
            }
            report.count("restarts that lost unsynced records")
        }
        report.count("entries written", twin.writtenCount)
    }

    /// Goes on until a call of the disk fails, and with it all that come after.
    private mutating func runUntilCut(
        _ twin: inout LogTwin<SimulatedFileSystem>, _ files: SimulatedFileSystem
    ) throws {
        files.lastCall = files.callCount + twin.roll(1...40)
        do {
            while true {
                try twin.step()
                report.count("steps")
            }
        } catch let error as StorageError {
            guard error.kind == .system(code: files.failureCode) else { throw error }
            report.count("steps cut short")
        }
    }

    /// Crashes while crashing: each attempt to open is cut short some calls later than the one before.
    private mutating func openWithInterruptions(
        _ twin: inout LogTwin<SimulatedFileSystem>, _ files: SimulatedFileSystem,
        _ settings: LogSettings
    ) throws {
        guard twin.roll(0...3) == 0 else { return }
        var length = twin.roll(1...4)
        while true {
            files.lastCall = files.callCount + length
            do throws(StorageError) {
                _ = try LogStore.open(
                    files: files, directory: Self.directory, cluster: Self.identity.cluster,
                    node: Self.identity.node, settings: settings)
                return files.crash(using: &twin.dice)
            } catch {
                guard error.kind == .system(code: files.failureCode) else { throw error }
                report.count("restarts cut short")
            }
            files.crash(using: &twin.dice)
            length += twin.roll(1...4)
        }
    }

    /// What the cycles say of old segments holds only if there are some.
    private mutating func countReuse(_ files: SimulatedFileSystem) throws {
        let log = try LogInspection.inspect(files: files, directory: Self.directory + "/log")
        guard let newest = log?.segments.last(where: { $0.header != nil }),
            newest.header?.isReused == true
        else { return }
        report.count("ends in a segment that was used again")
        if newest.ending == .torn { report.count("ends in a torn write among old bytes") }
    }
}
