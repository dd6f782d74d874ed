public import Raft

/// What a log directory holds, for people: each segment by itself, and whether a node would start with it.
///
/// Reads only. Needs no lock, no right to write, and not to know whose log it is; so it works on a copy from a dead
/// machine. Damage is described, not stopped at. The verdict is the one that opening the log comes to, because
/// both go by the same code.
///
/// ```swift
/// let log = try LogInspection.inspect(files: RealFileSystem(), directory: "/var/lib/node/log")
/// print(log?.verdict ?? "no log")
/// ```
///
/// A running node's directory changes meanwhile: what is found then may be an unfinished write, or a segment
/// that has gone in the end.
public struct LogInspection: Hashable, Sendable {
    /// What opening the log would come to.
    public enum Verdict: Hashable, Sendable {
        /// All of it is good.
        case clean
        /// The end is an unfinished write that nobody was told of; opening cuts it off, with these notes.
        case tornTail([RecoveryNote])
        /// Opening throws this and changes nothing. With `.corrupt` something acknowledged is damaged or missing.
        case refused(StorageError)
    }

    /// The directory with the segments.
    public var directory: String
    /// The segments of the log, the oldest first.
    public var segments: [SegmentInspection]
    /// Files that a crash left behind and that opening would remove.
    public var leftovers: [String]
    /// Who the node is, as the oldest readable segment says.
    public var identity: NodeIdentity?
    /// The membership with which the directory was made.
    public var initialConfiguration: Configuration?
    /// Term and vote, as far as the log can be followed.
    public var hardState: HardState
    /// The entry before the first one kept, as far as the log can be followed.
    public var base: EntryID
    /// The last entry, as far as the log can be followed.
    public var last: EntryID
    /// The first place that cannot be read, if there is one.
    public var damage: DiskPosition?
    /// The furthest that anything in the log claims to be durable: what is unreadable before it is damaged, what
    /// is unreadable behind it was never finished.
    public var claim: DurabilityClaim?
    /// What opening the log would come to.
    public var verdict: Verdict

    /// Looks at the segments in a directory, which is the `log` of a data directory.
    ///
    /// Holds at most two segments in memory. A file that cannot be read is part of what is found.
    /// - Returns: Nothing when there is no segment in the directory.
    /// - Throws: `StorageError` when the directory cannot be listed.
    public static func inspect<Files: FileSystem>(
        files: Files, directory: String
    ) throws(StorageError) -> LogInspection? {
        let names = try files.list(directory)
        guard let found = LogScan.segments(among: names) else { return nil }
        var inspector = LogInspector(files: files, directory: directory)
        for number in found.numbers { inspector.read(number) }
        return inspector.finish(
            leftovers: names.filter {
                $0 == LogFormat.creatingName || $0 == LogFormat.preparingName
            }
                + found.leftovers.map { LogFormat.fileName(segment: $0) })
    }
}

/// Reads segment after segment, for the scan that judges and for the description of each.
private struct LogInspector<Files: FileSystem> {
    let files: Files
    let directory: String
    private var scan: LogScan
    private var refusal: StorageError?
    private var segments: [SegmentInspection] = []

    init(files: Files, directory: String) {
        self.files = files
        self.directory = directory
        scan = LogScan(directory: directory, owner: nil)
    }

    mutating func read(_ number: UInt32) {
        let name = LogFormat.fileName(segment: number)
        let path = directory + "/" + name
        do throws(StorageError) {
            let file = try files.openForReading(path)
            defer { file.close() }
            let bytes = try LogScan.bytes(of: file, path: path)
            segments.append(SegmentInspection(number: number, fileName: name, bytes))
            judge { (scan) throws(StorageError) in try scan.take(number, bytes) }
        } catch {
            segments.append(SegmentInspection(number: number, fileName: name, unreadable: error))
            judge { (_) throws(StorageError) in throw error }
        }
    }

    /// The first refusal stands: opening would get no further.
    private mutating func judge(_ step: (inout LogScan) throws(StorageError) -> Void) {
        guard refusal == nil else { return }
        do throws(StorageError) {
            try step(&scan)
        } catch { refusal = error }
    }

    mutating func finish(leftovers: [String]) -> LogInspection {
        judge { (scan) throws(StorageError) in try scan.finish() }
        let claim = scan.claim == .none ? nil : scan.claim
        for i in segments.indices
        where scan.prepared.contains(where: { $0.number == segments[i].number }) {
            segments[i].noteNotBegun()
        }
        for i in segments.indices { segments[i].judgeEnd(damage: scan.damage, claim: claim) }
        return LogInspection(
            directory: directory, segments: segments, leftovers: leftovers,
            identity: scan.firstHeader?.identity,
            initialConfiguration: scan.firstHeader?.initialConfiguration,
            hardState: scan.replay?.hardState ?? HardState(), base: scan.replay?.base ?? .zero,
            last: scan.replay?.terms.last ?? .zero, damage: scan.damage, claim: claim,
            verdict: verdict)
    }

    private var verdict: LogInspection.Verdict {
        if let refusal { return .refused(refusal) }
        let notes = scan.cuts.map { scan.note(of: $0) }
        return notes.isEmpty ? .clean : .tornTail(notes)
    }
}

extension LogInspection.Verdict: CustomStringConvertible {
    /// One line for an operator.
    public var description: String {
        switch self {
        case .clean: return "clean"
        case .tornTail(let notes):
            return "a torn tail of \(notes.reduce(0) { $0 + $1.cutBytes }) bytes, "
                + "never acknowledged, will be cut off"
        case .refused(let error): return "refused: \(error)"
        }
    }
}

extension RecoveryNote {
    fileprivate var cutBytes: UInt64 {
        if case .tornTailCut(_, let bytes) = action { bytes } else { 0 }
    }
}
