internal import Glibc

/// The settings and calls of a TCP socket, with failures as `SystemError`.
enum Socket {
    /// Makes a socket that does not block and is not inherited by children.
    static func make(for address: SocketAddress) throws(SystemError) -> OwnedDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let family = address.family
        let number = try callKernel("make", "a socket") { socket(family, kind, 0) }
        return OwnedDescriptor(adopting: Int32(number))
    }

    static func setOption(
        _ level: Int32, _ name: Int32, to value: Int32, of socket: Int32
    ) throws(SystemError) {
        var value = value
        _ = try callKernel("set option \(name) of", "a socket") {
            unsafe setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// What a connection wants of its socket. Linux hands all of it down from a listening socket to
    /// the sockets that it accepts, so a server sets it once and not once a connection.
    static func setUp(
        _ socket: Int32, _ settings: ConnectionSettings
    ) throws(SystemError) {
        let tcp = Int32(IPPROTO_TCP)
        try setOption(tcp, TCP_NODELAY, to: 1, of: socket)
        if let milliseconds = settings.unacknowledgedTimeoutMilliseconds {
            try setOption(tcp, TCP_USER_TIMEOUT, to: Int32(clamping: milliseconds), of: socket)
        }
        if let seconds = settings.keepAliveSeconds {
            try setOption(SOL_SOCKET, SO_KEEPALIVE, to: 1, of: socket)
            try setOption(tcp, TCP_KEEPIDLE, to: Int32(clamping: seconds), of: socket)
            try setOption(tcp, TCP_KEEPINTVL, to: Int32(clamping: seconds), of: socket)
            try setOption(tcp, TCP_KEEPCNT, to: 3, of: socket)
        }
    }

    /// Takes the error that the kernel keeps for a socket; 0 when there is none.
    static func takeError(of socket: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let result = callKernel { unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) }
        return result == 0 ? code : Int32(-result)
    }

    /// Makes closing the socket send a reset instead of an orderly end.
    static func resetOnClose(_ socket: Int32) {
        var value = linger(l_onoff: 1, l_linger: 0)
        // A socket that the peer has already reset may refuse; then there is nothing left to reset.
        _ = callKernel {
            unsafe setsockopt(
                socket, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        }
    }
}
