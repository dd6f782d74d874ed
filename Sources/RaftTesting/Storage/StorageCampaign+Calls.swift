internal import Raft
internal import RaftRuntime
internal import RaftStorage

// Every call of a run, one after the other: as the last one before the power fails, or as the one that fails.

extension StorageCampaign {
    /// Lets power fail at each call of a run, and tries what may have survived.
    ///
    /// - Parameter limit: When fewer sets of unsynced parts could have survived than this, all are tried, otherwise
    ///   so many at random.
    public mutating func crashEverywhere(seed: UInt64, subsets limit: Int) {
        var call = 1
        while report.findings.isEmpty {
            do {
                let (parts, isOver) = try crash(at: call, seed: seed) { _ in 0 }
                if isOver { return }
                report.count("calls at which power failed")
                report.count("unsynced parts at them", parts)
                try trySubsets(of: parts, at: call, seed: seed, limit)
            } catch {
                report.findings.append("crash at call \(call) of seed \(seed): \(error)")
            }
            call += 1
        }
    }

    private mutating func trySubsets(
        of parts: Int, at call: Int, seed: UInt64, _ limit: Int
    ) throws {
        var dice = SplitMix64(seed: seed ^ UInt64(call) << 32)
        let isComplete = parts < 30 && 1 << parts <= limit
        if isComplete { report.count("calls with every subset tried") }
        for subset in 0..<(isComplete ? 1 << parts : limit) {
            var random = UInt64(subset)
            _ = try crash(at: call, seed: seed) { part in
                guard isComplete else {
                    if part % 64 == 0 { random = dice.next() }
                    return Int(random >> UInt64(part % 64) & 1)
                }
                return subset >> part & 1
            }
            report.count("subsets of unsynced parts that survived")
        }
    }

    /// - Parameter version: Whether a part is as old as the last sync (0) or as new as it gets (1).
    /// - Returns: How many parts were not synced, and whether the run has no such call.
    private func crash(
        at call: Int, seed: UInt64, _ version: (Int) -> Int
    ) throws -> (parts: Int, isOver: Bool) {
        let files = SimulatedFileSystem()
        files.lastCall = call
        guard var twin = try started(files, seed) else {
            var parts = 0
            files.crash { change in
                parts += 1
                return Survival(version: version(parts - 1) == 0 ? 0 : change.versions)
            }
            try expectNoneOrNew(files)
            return (parts, false)
        }
        let isOver = try runShort(&twin, files, until: call)
        if isOver { return (0, true) }
        var parts = 0
        files.crash { change in
            parts += 1
            return Survival(version: version(parts - 1) == 0 ? 0 : change.versions)
        }
        try twin.reopen()
        return (parts, false)
    }

    /// Lets each single call of a run fail.
    public mutating func failEverywhere(seed: UInt64) {
        var call = 1
        while report.findings.isEmpty {
            do {
                let files = SimulatedFileSystem()
                files.failingCall = call
                if var twin = try started(files, seed) {
                    if try runShort(&twin, files, until: call) { return }
                    // The process ends, and later, with what it had read back and gone on from, the power.
                    files.endProcess()
                    try twin.reopen()
                    files.crashKeepingNothing()
                    try twin.reopen()
                } else {
                    files.endProcess()
                    try expectNoneOrNew(files)
                }
                report.count("calls that failed")
            } catch {
                report.findings.append("failure of call \(call) of seed \(seed): \(error)")
            }
            call += 1
        }
    }

    /// A log whose making was cut short is whole and empty, or not there.
    private func expectNoneOrNew(_ files: SimulatedFileSystem) throws {
        let opened = try LogStore.open(
            files: files, directory: Self.directory, cluster: Self.identity.cluster,
            node: Self.identity.node, settings: Self.settings)
        guard let (store, recovered) = opened else { return }
        let found = LogTwinState(
            base: recovered.base, entries: try store.everything(), hardState: recovered.hardState)
        guard found == LogTwinState() else {
            throw LogTwinFinding("a log that was just made holds \(found)")
        }
    }

    private func started(
        _ files: SimulatedFileSystem, _ seed: UInt64
    ) throws -> LogTwin<SimulatedFileSystem>? {
        do {
            return try Self.twin(files, seed: seed, settings: Self.settings(ofRun: seed))
        } catch let error as StorageError {
            guard error.kind == .system(code: files.failureCode) else { throw error }
            return nil
        }
    }

    /// Runs until an injected failure; true when the run ends before it.
    private func runShort(
        _ twin: inout LogTwin<SimulatedFileSystem>, _ files: SimulatedFileSystem, until call: Int
    ) throws -> Bool {
        do {
            for _ in 0..<Self.shortRun { try twin.step() }
            return files.callCount < call
        } catch let error as StorageError {
            guard error.kind == .system(code: files.failureCode) else { throw error }
            try checkSpent(twin.store, by: error)
            return false
        }
    }

    /// After a failed change every call throws the same; a failed read or sync is for the host to heed.
    private func checkSpent(
        _ store: LogStore<SimulatedFileSystem>, by error: StorageError
    ) throws {
        guard ["write", "allocate"].contains(error.operation), error.path.hasSuffix(".log") else {
            return
        }
        var later: StorageError?
        do throws(StorageError) {
            try store.write(hardState: HardState(), entries: nil)
        } catch { later = error }
        guard later == error, store.takeSyncWork() == nil, !store.hasUnsynced else {
            throw LogTwinFinding("goes on after \(error): \(later?.description ?? "no error")")
        }
    }
}
