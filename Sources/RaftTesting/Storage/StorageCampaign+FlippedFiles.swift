internal import Raft
internal import RaftRuntime
internal import RaftStorage

// Rot in the files beside the log: snapshots, also those on their way in, and the small records.

extension StorageCampaign {
    /// Flips each byte of two snapshots and of the small records, one at a time.
    ///
    /// A flipped snapshot must be passed over for an older one; refused when it is read later; refused when it comes from
    /// another node. A record must be refused.
    ///
    /// - Parameter bits: Which bits of the byte are flipped together, 1 to 255.
    public mutating func flipBesideLog(seed: UInt64, bits: UInt8) {
        do {
            try flipSnapshots(seed: seed, bits: bits)
            try flipRecords(seed: seed, bits: bits)
        } catch {
            report.findings.append("flips beside the log, seed \(seed): \(error)")
        }
    }

    /// Flips each byte of two snapshots, one at a time: in the newest one, so that the one before is to be used; in
    /// that one, so that nothing changes; in the newest one while it is open; and in one that another node sends.
    private mutating func flipSnapshots(seed: UInt64, bits: UInt8) throws {
        var dice = SplitMix64(seed: seed)
        var snapshots: [TwinSnapshot] = []
        let files = SimulatedFileSystem(isAlwaysDurable: true)
        let store = try Self.openSnapshots(files).store
        for index in [UInt64(5), 9] {
            let snapshot = TwinSnapshot(
                id: EntryID(term: Term(3), index: LogIndex(index)),
                start: UInt8.random(in: 0...255, using: &dice),
                count: Int.random(in: 1...200, using: &dice))
            var writer = store.beginWriting(
                lastIncluded: snapshot.id, configuration: Self.configuration)
            try writer.write(snapshot.body.span)
            store.adopt(try writer.finish())
            snapshots.append(snapshot)
        }
        let paths = files.paths
        guard paths.count == 2, let newest = snapshots.last else {
            throw LogTwinFinding("two snapshots make \(paths)")
        }
        for (place, path) in paths.enumerated() {
            let bytes = files.contents(of: path) ?? []
            for offset in bytes.indices where report.findings.isEmpty {
                report.count("flipped bytes of snapshots")
                let copy = try files.copy()
                let open = try Self.openSnapshots(copy).store
                copy.flip(bits, of: path, at: offset)
                let name = "byte \(offset) of \(path), seed \(seed)"
                if place == 1 { try expectRefused(name) { _ = try open.readBody(of: newest.id) } }
                // Older snapshots are removed by opening, so the flip is made where both are.
                let other = try files.copy()
                other.flip(bits, of: path, at: offset)
                try expect(
                    snapshots[1 - place], among: try Self.openSnapshots(other), flipped: path, name)
                guard place == 1 else { continue }
                var sent = bytes
                sent[offset] ^= bits
                try expectRefused("sent \(name)") { try Self.receive(sent, newest.id) }
            }
        }
    }

    private static let configuration = Configuration(voters: [identity.node])

    private typealias Snapshots = SnapshotStore<SimulatedFileSystem>

    private static func openSnapshots(
        _ files: SimulatedFileSystem
    ) throws(StorageError) -> (store: Snapshots, notes: [RecoveryNote]) {
        try SnapshotStore.open(
            files: files, directory: directory, cluster: identity.cluster)
    }

    private mutating func expect(
        _ snapshot: TwinSnapshot, among opened: (store: Snapshots, notes: [RecoveryNote]),
        flipped path: String, _ name: String
    ) throws {
        let isNoted = opened.notes.contains {
            $0.path == path && $0.action == .damagedSnapshotPassedOver
        }
        let isOlder = snapshot.id.index.rawValue == 5
        guard opened.store.latest?.lastIncluded == snapshot.id, isNoted == isOlder,
            try opened.store.readBody(of: snapshot.id) == snapshot.body
        else { return report.findings.append("\(name): not noticed") }
        report.count(
            isOlder ? "snapshots passed over for an older one" : "flips in what is not used")
    }

    private static func receive(_ bytes: [UInt8], _ id: EntryID) throws {
        let (store, _) = try openSnapshots(SimulatedFileSystem(isAlwaysDurable: true))
        _ = try store.receive(
            lastIncluded: id, configuration: configuration, offset: 0, bytes: bytes.span)
        _ = try store.finishReceiving(lastIncluded: id, configuration: configuration)?
            .perform()
    }

    /// Flips each byte of the records of a founding and of a node that begins anew.
    private mutating func flipRecords(seed: UInt64, bits: UInt8) throws {
        let directory = Self.directory
        let files = SimulatedFileSystem(isAlwaysDurable: true)
        try files.createDirectory(directory)
        let founding = FoundingRecord(
            isComplete: true, origin: EntryID(term: Term(2), index: LogIndex(40)),
            members: (1...3).map { Member(NodeID($0), incarnation: seed &+ $0) })
        try founding.write(files, directory: directory)
        let rejoining = RejoinRecord(
            incarnation: seed, replacing: [seed &+ 1, seed &+ 2], cause: "a byte has changed")
        try rejoining.write(files, directory: directory)
        for path in files.paths {
            for offset in (files.contents(of: path) ?? []).indices {
                report.count("flipped bytes of records")
                let copy = try files.copy()
                copy.flip(bits, of: path, at: offset)
                try expectRefused("byte \(offset) of \(path), seed \(seed)") {
                    guard try FoundingRecord.read(copy, directory: directory) == founding,
                        try RejoinRecord.read(copy, directory: directory) == rejoining
                    else { throw LogTwinFinding("is read as something else") }
                }
            }
        }
    }

    private mutating func expectRefused(_ name: String, _ work: () throws -> Void) throws {
        do {
            try work()
            report.findings.append("\(name): not noticed")
        } catch let error as StorageError {
            switch error.kind {
            case .corrupt, .newerVersion: report.count("flips beside the log that were refused")
            default: throw error
            }
        }
    }
}
