internal import Raft
internal import RaftRuntime
internal import RaftStorage

// No space: at every call that may need some, once, and for as long as it takes.

/// A store and its twin, as far as a full disk asks for it.
protocol FillingTwin {
    /// Opens what is there, or makes it, and bears a full disk from then on.
    init(onFilling files: SimulatedFileSystem, seed: UInt64) throws
    /// How much was taken so far.
    var progress: Int { get }
    /// How often something was not taken, because the disk was full.
    var refusals: Int { get }
    mutating func step() throws
    func compare() throws
    mutating func reopen() throws
}

extension LogTwin<SimulatedFileSystem>: FillingTwin {
    init(onFilling files: SimulatedFileSystem, seed: UInt64) throws {
        try self.init(
            resuming: files, directory: StorageCampaign.directory,
            settings: StorageCampaign.settings(ofRun: seed), identity: StorageCampaign.identity,
            seed: seed)
        asksForRoom = true
    }

    var progress: Int { writtenCount }
}

extension SnapshotTwin<SimulatedFileSystem>: FillingTwin {
    init(onFilling files: SimulatedFileSystem, seed: UInt64) throws {
        try self.init(
            files, directory: StorageCampaign.directory, identity: StorageCampaign.identity,
            seed: seed)
        bearsFullDisk = true
        largestBody = 500
    }

    var progress: Int { written + received }
}

extension StorageCampaign {
    /// Lets each call that may need space find none, in runs of the log and of the snapshots.
    ///
    /// Each of them alone, and then each of them with all after it that need more space than they have, until there
    /// is some again. A process that cannot go on ends, and begins again on the full disk. Nothing that was
    /// acknowledged may be missing, and when there is space again the work must go on.
    public mutating func fillEverywhere(seed: UInt64) {
        fill(LogTwin<SimulatedFileSystem>.self, "log", seed)
        fill(SnapshotTwin<SimulatedFileSystem>.self, "snapshots", seed)
    }

    private mutating func fill<Twin: FillingTwin>(
        _ kind: Twin.Type, _ name: String, _ seed: UInt64
    ) {
        for lasts in [false, true] {
            var call = 1
            while report.findings.isEmpty {
                let place =
                    "\(name), no space \(lasts ? "from call \(call) on" : "at call \(call)")"
                do {
                    guard try run(kind, fullAt: call, lasts: lasts, seed) else { break }
                } catch {
                    report.findings.append("\(place), seed \(seed): \(error)")
                }
                report.count(
                    "calls without space, \(lasts ? "and all after them" : "once"): \(name)")
                call += 1
            }
        }
    }

    /// - Returns: Whether the run came as far as that call.
    private mutating func run<Twin: FillingTwin>(
        _ kind: Twin.Type, fullAt call: Int, lasts: Bool, _ seed: UInt64
    ) throws -> Bool {
        let files = SimulatedFileSystem()
        files.fullCall = call
        files.staysFull = lasts
        var twin = try started(kind, files, seed)
        for _ in 0..<Self.shortRun {
            do {
                try twin.step()
            } catch let error as StorageError where error.kind == .full {
                // Later on space is kept for what must be written.
                guard files.spaceCallCount == call else { throw error }
                report.count("processes that ended for lack of space")
                try restart(&twin, files)
            }
        }
        guard files.spaceCallCount >= call else { return false }
        files.fullCall = nil
        report.count("times that nothing was taken for lack of space", twin.refusals)
        try twin.compare()
        let before = twin.progress
        for _ in 0..<Self.patience where twin.progress == before { try twin.step() }
        guard twin.progress > before else { throw LogTwinFinding("does not go on with space") }
        files.endProcess()
        try twin.reopen()
        files.crashKeepingNothing()
        try twin.reopen()
        return true
    }

    /// Within so many steps something must have been taken again.
    private static let patience = 200

    private mutating func started<Twin: FillingTwin>(
        _ kind: Twin.Type, _ files: SimulatedFileSystem, _ seed: UInt64
    ) throws -> Twin {
        do {
            return try Twin(onFilling: files, seed: seed)
        } catch let error as StorageError where error.kind == .full {
            report.count("beginnings that failed for lack of space")
            files.fullCall = nil
            files.endProcess()
            return try Twin(onFilling: files, seed: seed)
        }
    }

    private mutating func restart<Twin: FillingTwin>(
        _ twin: inout Twin, _ files: SimulatedFileSystem
    ) throws {
        files.endProcess()
        do {
            try twin.reopen()
            report.count("restarts on the full disk")
        } catch let error as StorageError where error.kind == .full {
            report.count("restarts that had to wait for space")
            files.fullCall = nil
            files.endProcess()
            try twin.reopen()
        }
    }
}
