internal import Raft
internal import RaftStorage

// Rot: every byte of a log, one at a time.

extension StorageCampaign {
    /// Flips each byte of the files of a small log, one at a time, and opens it.
    ///
    /// In what the log vouches for a flip must be refused. Elsewhere (behind the end, in a file that is kept for
    /// later, in the last mark) it must change nothing.
    ///
    /// - Parameter bits: Which bits of the byte are flipped together, 1 to 255.
    public mutating func flipEverywhere(seed: UInt64, bits: UInt8) {
        do {
            let sample = try sample(seed)
            for path in sample.paths {
                guard let bytes = sample.files.contents(of: path) else { continue }
                for offset in bytes.indices {
                    try flip(bits, at: offset, of: path, sample, seed)
                    guard report.findings.isEmpty else { return }
                }
            }
        } catch {
            report.findings.append("flips, seed \(seed): \(error)")
        }
    }

    /// A log at rest, all of it synced and vouched for.
    private struct Sample {
        var files: SimulatedFileSystem
        var paths: [String]
        var state: LogTwinState
        /// Where the records of the segments in use end, the last mark not counted.
        var ends: [String: Int]
    }

    private func sample(_ seed: UInt64) throws -> Sample {
        let files = SimulatedFileSystem()
        var twin = try Self.twin(files, seed: seed)
        for _ in 0..<60 { try twin.step() }
        // Opening makes all durable and says so.
        files.endProcess()
        try twin.reopen()
        let directory = Self.directory + "/log"
        var ends: [String: Int] = [:]
        let log = try LogInspection.inspect(files: files, directory: directory)
        let segments = (log?.segments ?? []).filter { $0.header != nil }
        for segment in segments {
            ends[directory + "/" + segment.fileName] = Int(segment.end)
        }
        if let last = segments.last {
            ends[directory + "/" + last.fileName, default: 0] -= Self.markBytes
        }
        return Sample(files: files, paths: files.paths, state: twin.state, ends: ends)
    }

    /// A record without a payload.
    private static let markBytes = 32

    private mutating func flip(
        _ bits: UInt8, at offset: Int, of path: String, _ sample: Sample, _ seed: UInt64
    ) throws {
        let copy = try sample.files.copy()
        copy.flip(bits, of: path, at: offset)
        let place = "byte \(offset) of \(path), seed \(seed)"
        report.count("flipped bytes")
        do throws(StorageError) {
            let opened = try LogStore.open(
                files: copy, directory: Self.directory, cluster: Self.identity.cluster,
                node: Self.identity.node, settings: Self.settings)
            guard let (store, recovered) = opened else {
                return report.findings.append("\(place): the log is gone")
            }
            let entries = try store.everything()
            let found = LogTwinState(
                base: recovered.base, entries: entries, hardState: recovered.hardState)
            if offset < sample.ends[path] ?? 0 {
                report.findings.append("\(place): not noticed")
            } else if found != sample.state {
                report.findings.append("\(place): the log has changed")
            }
            report.count("flips that changed nothing, behind the end")
        } catch {
            report.count("flips that were refused")
            if offset >= sample.ends[path] ?? 0, sample.ends[path] == nil {
                report.findings.append("\(place): a file that is not in use was missed: \(error)")
            }
        }
    }
}

extension SimulatedFileSystem {
    /// Another disk with the same files, all synced.
    func copy() throws(StorageError) -> SimulatedFileSystem {
        let other = SimulatedFileSystem(isAlwaysDurable: true)
        for path in paths {
            var parent = ""
            for part in path.split(separator: "/").dropLast() {
                parent += "/" + part
                try other.createDirectory(parent)
            }
            let bytes = contents(of: path) ?? []
            try other.open(path, create: true).write(bytes.span, at: 0)
        }
        return other
    }
}
