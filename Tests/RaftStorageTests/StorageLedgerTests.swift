internal import Raft
internal import RaftStorage
internal import RaftTesting
internal import Testing

/// What `raft-lab storage --kill` goes by, with a process that is none on a disk that is none.
@Suite struct `What a process says of its storage before it is killed` {
    private static let settings: StorageTwin<SimulatedFileSystem>.Settings = {
        var settings = StorageTwin<SimulatedFileSystem>.Settings()
        settings.log = House.settings
        settings.largestContent = 300
        settings.largestBody = 2000
        return settings
    }()

    /// A process that dies at a call of its disk, or ends between two.
    private static func live(
        _ files: SimulatedFileSystem, seed: UInt64, calls: Int
    ) throws -> [String] {
        var lines: [String] = []
        files.lastCall = files.callCount + calls
        do {
            var twin = try StorageTwin(
                files, directory: House.directory, settings: settings, identity: House.identity,
                seed: seed
            ) { lines.append($0.line) }
            while true { try twin.step() }
        } catch let error as StorageError {
            guard error.kind == .system(code: files.failureCode) else { throw error }
        }
        files.endProcess()
        return lines
    }

    @Test(arguments: UInt64(1)...10)
    func `is what is found, whether the next process opens it or somebody else`(seed: UInt64) throws
    {
        let files = SimulatedFileSystem()
        var dice = Dice(seed)
        var ledger = StorageLedger(House.identity)
        for life in UInt64(0)..<20 {
            let calls = Int.random(in: 1...400, using: &dice)
            for line in try Self.live(files, seed: seed << 8 | life, calls: calls) {
                try ledger.take(line)
            }
            ledger.endOfProcess()
            if Bool.random(using: &dice) {
                try ledger.judge(
                    files, directory: House.directory, settings: House.settings)
            }
        }
        for name in ["kills", "entries acknowledged", "snapshots acknowledged"] {
            #expect(ledger.counts.counts.contains { $0.name == name && $0.count > 10 }, "\(name)")
        }
    }

    private func lines(_ files: SimulatedFileSystem) throws -> [String] {
        try Self.live(files, seed: 5, calls: 600)
    }

    private func judgement(
        _ files: SimulatedFileSystem, of lines: [String]
    ) -> (any Error)? {
        var ledger = StorageLedger(House.identity)
        do {
            for line in lines { try ledger.take(line) }
            try ledger.judge(files, directory: House.directory, settings: House.settings)
            return nil
        } catch { return error }
    }

    @Test func `must be there: a change less in the log is noticed, and a snapshot less`() throws {
        let files = SimulatedFileSystem()
        let lines = try lines(files)
        #expect(judgement(files, of: lines) == nil)
        // As if one more had been acknowledged than was written.
        let more = [
            TwinWord.change(.hardState(HardState(term: Term(1000)))), .ended(.write),
        ].map(\.line)
        #expect(judgement(files, of: lines + more) is LogTwinFinding)
        for path in files.paths where path.hasSuffix(".snapshot") { try files.remove(path) }
        #expect(judgement(files, of: lines) is LogTwinFinding)
    }

    @Test func `is all that may be there: what was never announced is noticed`() throws {
        let files = SimulatedFileSystem()
        let lines = try lines(files)
        let written = try #require(lines.lastIndex(of: TwinWord.ended(.write).line))
        let change = try #require(lines[..<written].lastIndex { $0.hasPrefix("put ") })
        #expect(judgement(files, of: Array(lines[..<change])) is LogTwinFinding)
        let without = lines.filter { !$0.hasPrefix("snapshot ") && $0 != TwinWord.stored.line }
        #expect(judgement(files, of: without) is LogTwinFinding)
    }

    @Test func `must not be gone altogether`() throws {
        let files = SimulatedFileSystem()
        let lines = try lines(files)
        files.removeEverything()
        #expect(judgement(files, of: lines.filter { !$0.contains("snapshot") }) is LogTwinFinding)
        #expect(judgement(files, of: []) == nil)
    }

    @Test func `comes in lines that are whole or none`() throws {
        let lines = try lines(SimulatedFileSystem())
        for line in Set(lines).sorted().filter({ $0.count < 60 }) {
            #expect(TwinWord(line: line)?.line == line)
            for cut in 0..<line.count { #expect(TwinWord(line: String(line.prefix(cut))) == nil) }
        }
        #expect(Set(lines.compactMap { $0.split(separator: " ").first }).count >= 8)
    }
}
