internal import Glibc

/// What became of an attempt to move bytes without waiting.
enum StreamOutcome {
    /// That many bytes were moved; at least one.
    case bytes(Int)
    /// Nothing can be moved now; the loop tells when.
    case wouldBlock
    /// The peer has sent all it will ever send.
    case end
    /// The stream is broken, with this `errno` code.
    case failed(Int32)
}

/// What carries a connection's bytes. A stream inside TLS becomes a second case: everything above
/// asks for bytes and is told one of the four outcomes.
enum ByteStream: ~Copyable {
    /// A TCP socket.
    case plain(OwnedDescriptor)
    /// Nothing any more.
    case closed

    /// The socket below, to be watched by the loop.
    var descriptor: Int32 {
        switch self {
        case .plain(let socket): socket.number
        case .closed: -1
        }
    }

    /// Reads what is there.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> StreamOutcome {
        let socket = descriptor
        let result = callKernel { unsafe recv(socket, buffer.baseAddress, buffer.count, 0) }
        return result == 0 ? .end : outcome(of: result)
    }

    /// Writes as much as fits.
    func send(_ vectors: UnsafeMutableBufferPointer<iovec>) -> StreamOutcome {
        let socket = descriptor
        var message = unsafe msghdr()
        unsafe message.msg_iov = vectors.baseAddress
        unsafe message.msg_iovlen = vectors.count
        return outcome(
            of: callKernel { unsafe sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) })
    }

    /// Tells the peer that nothing more will come.
    func shutDownWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    private func outcome(of result: Int) -> StreamOutcome {
        switch result {
        case 0...: .bytes(result)
        case -Int(EAGAIN): .wouldBlock
        default: .failed(Int32(-result))
        }
    }
}
