internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

@Suite struct `A log and its twin, an array` {
    @Test(arguments: 1...20)
    func `agree whatever is done, over restarts and crashes`(seed: UInt64) throws {
        let files = SimulatedFileSystem()
        var twin = try House.twin(files, seed: seed)
        for _ in 0..<200 {
            try twin.step()
            switch twin.roll(0...29) {
            case 0:
                files.endProcess()
                try twin.reopen()
                #expect(twin.states.count == 1)
            case 1...2:
                files.crash(using: &twin.dice)
                try twin.reopen()
            default: break
            }
        }
        try twin.compare()
    }

    @Test(arguments: 1...10)
    func `agree when the process ends: nothing that was written is lost`(seed: UInt64) throws {
        let files = SimulatedFileSystem()
        var twin = try House.twin(files, seed: seed)
        for _ in 0..<100 {
            try twin.step()
            guard twin.roll(0...9) == 0 else { continue }
            let before = twin.state
            files.endProcess()
            try twin.reopen()
            #expect(twin.state == before)
        }
    }

    /// Crashes while crashing: each attempt to open is cut short one call later than the one before.
    @Test(arguments: 1...30)
    func `agree when recovery is cut short again and again`(seed: UInt64) throws {
        let files = SimulatedFileSystem()
        var twin = try House.twin(files, seed: seed)
        for _ in 0..<40 { try twin.step() }
        files.crash(using: &twin.dice)
        for length in 1... {
            files.lastCall = files.callCount + length
            do throws(StorageError) {
                _ = try Store.open(
                    files: files, directory: House.directory, cluster: House.identity.cluster,
                    node: House.identity.node, settings: House.settings)
                break
            } catch {
                guard error.kind == .system(code: files.failureCode) else { throw error }
            }
            files.crash(using: &twin.dice)
        }
        files.crash(using: &twin.dice)
        try twin.reopen()
    }

    @Test(arguments: 1...3)
    func `agree when power fails at any call of a run`(seed: UInt64) throws {
        var call = 1
        while try run(seed: seed, failingAt: call, inject: { $0.lastCall = call }) { call += 1 }
        #expect(call > 40)
    }

    /// What the tests here say of old segments holds only if there are some.
    @Test func `use old segments again, and find torn writes in them`() throws {
        var (reused, torn) = (0, 0)
        for seed in UInt64(1)...20 {
            let files = SimulatedFileSystem()
            var twin = try House.twin(files, seed: seed)
            for _ in 0..<200 { try twin.step() }
            files.crash(using: &twin.dice)
            let log = try LogInspection.inspect(files: files, directory: House.logDirectory)
            let newest = try #require(log?.segments.last { $0.header != nil })
            guard newest.header?.isReused == true else { continue }
            reused += 1
            if newest.ending == .torn { torn += 1 }
        }
        #expect(reused > 3 && torn > 0, "\(reused) reused, \(torn) of them torn")
    }

    @Test(arguments: 1...3)
    func `agree when any one call of a run fails`(seed: UInt64) throws {
        var call = 1
        while try run(seed: seed, failingAt: call, inject: { $0.failingCall = call }) { call += 1 }
        #expect(call > 40)
    }

    /// Runs until something fails; then power goes, and what is found must be as expected. Returns whether
    /// the run came as far as the call that was to fail.
    private func run(
        seed: UInt64, failingAt call: Int, inject: (SimulatedFileSystem) -> Void
    ) throws -> Bool {
        let files = SimulatedFileSystem()
        inject(files)
        var twin: LogTwin<SimulatedFileSystem>
        do {
            twin = try House.twin(files, seed: seed)
        } catch let error as StorageError {
            guard error.kind == .system(code: files.failureCode) else { throw error }
            return true
        }
        do {
            for _ in 0..<40 { try twin.step() }
            if files.callCount < call { return false }
        } catch let error as StorageError {
            guard error.kind == .system(code: files.failureCode) else { throw error }
            try checkSpent(twin.store, by: error)
        }
        var dice = Dice(seed ^ UInt64(call))
        if Bool.random(using: &dice) {
            files.crash(using: &dice)
        } else {
            files.endProcess()
            try twin.reopen()
            files.crashKeepingNothing()
        }
        try twin.reopen()
        return true
    }

    /// After a failed change every call throws the same; a failed read or sync is for the host to heed.
    private func checkSpent(_ store: Store, by error: StorageError) throws {
        guard ["write", "allocate"].contains(error.operation), error.path.hasSuffix(".log") else {
            return
        }
        #expect(throws: error) { try store.write(hardState: HardState(), entries: nil) }
        #expect(throws: error) { try store.reset(to: EntryID(9, 999)) }
        #expect(store.takeSyncWork() == nil)
    }
}
