internal import Nacos
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage

/// Hands out backups: a snapshot that covers all that was acknowledged anywhere before the request, as the file
/// that it is on the disk, read by a thread of its own.
///
/// One at a time: a second one is sent away, since each may cost a snapshot and keeps a file alive.
final class BackupDoor {
    private static let pieceBytes = 256 << 10

    private let host: NodeHost<RegistryMachine>
    private let loop: EventLoop
    private var isTaking = false
    private weak var stream: HTTPStream?

    init(_ host: NodeHost<RegistryMachine>, on loop: EventLoop) {
        self.host = host
        self.loop = loop
    }

    func answer(_ request: HTTPRequest, _ respond: @escaping NacosDoor.Respond) {
        guard request.method == .get else {
            return respond(
                HTTPResponse(status: 405, headers: HTTPHeaders([("allow", "GET")])))
        }
        guard !isTaking, stream == nil else {
            return respond(
                HTTPResponse(status: 503, text: "another backup is being taken from this node\n"))
        }
        isTaking = true
        host.takeSnapshot { [weak self] outcome in
            guard let self else { return }
            isTaking = false
            respond(response(to: outcome))
        }
    }

    private func response(to outcome: SnapshotOutcome) -> HTTPResponse {
        switch outcome {
        case .taken(let info): return response(with: info)
        case .noLeader:
            return HTTPResponse(
                status: 503,
                text:
                    "no leader: nobody can say what is committed, so a backup could lack some of it\n"
            )
        case .overloaded: return HTTPResponse(status: 503, text: "the node is overloaded\n")
        case .stopped: return HTTPResponse(status: 503, text: "the node is stopping\n")
        case .failed(let error):
            let status = error.kind == .full ? 507 : 500
            return HTTPResponse(status: status, text: "no snapshot could be written: \(error)\n")
        }
    }

    private func response(with info: SnapshotInfo) -> HTTPResponse {
        do {
            guard let file = try host.openSnapshot(info) else {
                return HTTPResponse(status: 503, text: "a newer snapshot has come, try again\n")
            }
            let reader = FileReader(
                file, byteCount: info.byteCount, pieceBytes: Self.pieceBytes,
                thread: try WorkerThread(name: "muster-backup"), loop)
            let stream = HTTPStream(byteCount: info.byteCount) { reader.next($0) }
            self.stream = stream
            return HTTPResponse(
                streaming: stream,
                headers: HTTPHeaders([
                    ("content-type", "application/octet-stream"),
                    (BackupCall.entryField, "\(info.lastIncluded)"),
                ]))
        } catch {
            return HTTPResponse(status: 500, text: "the snapshot cannot be read: \(error)\n")
        }
    }
}

/// Reads a file from its start to its end, piece by piece, on another thread.
private final class FileReader {
    private let file: RealFile
    private let byteCount: UInt64
    private let pieceBytes: Int
    private let thread: WorkerThread
    private let loop: EventLoop
    private var offset: UInt64 = 0

    init(
        _ file: RealFile, byteCount: UInt64, pieceBytes: Int, thread: WorkerThread,
        _ loop: EventLoop
    ) {
        self.file = file
        self.byteCount = byteCount
        self.pieceBytes = pieceBytes
        self.thread = thread
        self.loop = loop
    }

    func next(_ then: @escaping ([UInt8]?) -> Void) {
        let file = self.file
        let offset = self.offset
        let count = Int(min(UInt64(pieceBytes), byteCount - offset))
        self.offset += UInt64(count)
        let bound = LoopBound(then, on: loop)
        let waker = loop.waker
        thread.submit {
            let piece = try? file.read(count, at: offset)
            waker.post { bound.value(piece?.count == count ? piece : nil) }
        }
    }
}
