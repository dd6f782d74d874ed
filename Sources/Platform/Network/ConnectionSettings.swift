internal import Glibc

/// The limits of a connection.
package struct ConnectionSettings: Sendable {
    /// Unwritten bytes above which the peer counts as a slow reader and is cut off.
    package var maxPendingBytes = 4 * 1024 * 1024
    /// Received bytes that `onBytes` has left lying, above which the connection is closed.
    package var maxUnconsumedBytes = 1024 * 1024
    /// The most bytes that are read from one connection in one turn.
    package var maxBytesPerTurn = 256 * 1024
    /// How long `closeAfterWriting` waits without any progress for the peer to read and to close.
    package var closingTimeoutMilliseconds = 2_000
    /// Whether the peer may end its side and still be written to; `onEnd` is called then. Otherwise
    /// its end closes the connection.
    package var allowsHalfClose = false
    /// How long written bytes may stay unacknowledged before the kernel gives the connection up.
    package var unacknowledgedTimeoutMilliseconds: Int?
    /// The silence after which, and the pace at which, the kernel probes a peer that says nothing.
    package var keepAliveSeconds: Int?

    package init() {}
}

/// Why a connection is no more.
package enum CloseReason: Error, Hashable, Sendable, CustomStringConvertible {
    /// This side closed it.
    case closedHere
    /// The peer closed it in order.
    case endOfStream
    /// The peer, or the kernel for a process that died, broke it off.
    case reset
    /// The peer did not answer, read or close in time.
    case timedOut
    /// The peer reads too slowly: so many bytes were waiting for it.
    case slowReader(pendingBytes: Int)
    /// The peer sent more than `onBytes` could make sense of: so many bytes were left lying.
    case inputLimit(unconsumedBytes: Int)
    /// This side closed it because of what the peer sent.
    case rejected(String)
    /// The network failed in another way.
    case failed(SystemError)

    init(code: Int32, peer: @autoclosure () -> String) {
        switch code {
        case ECONNRESET, EPIPE: self = .reset
        case ETIMEDOUT: self = .timedOut
        default: self = .failed(SystemError("talk to", peer(), code: code))
        }
    }

    /// The reason in words.
    package var description: String {
        switch self {
        case .closedHere: "closed here"
        case .endOfStream: "closed by the peer"
        case .reset: "broken off by the peer"
        case .timedOut: "timed out"
        case .slowReader(let bytes): "slow reader: \(bytes) bytes were waiting for it"
        case .inputLimit(let bytes): "input limit: \(bytes) bytes without a whole message"
        case .rejected(let why): "rejected: \(why)"
        case .failed(let error): error.description
        }
    }
}
