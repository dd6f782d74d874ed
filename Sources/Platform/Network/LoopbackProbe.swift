internal import CPlatform
internal import Glibc

/// What it takes to send some bytes to another thread over TCP on loopback and to have them back: two sockets and two
/// threads that wait in the kernel, with nothing around them. A measure to hold other figures against.
package enum LoopbackProbe {
    /// Goes there and back so many times, one after the other.
    ///
    /// - Returns: How long each took, in nanoseconds.
    package static func roundTrips(_ count: Int, bytes: Int) throws(SystemError) -> [UInt64] {
        let pair = try Pair.connected()
        let (nearNumber, farNumber) = (pair.near.number, pair.far.number)
        let echo = try SystemThread(name: "echo") {
            var buffer = [UInt8](repeating: 0, count: bytes)
            for _ in 0..<count where carry(&buffer, .inward, farNumber) {
                _ = carry(&buffer, .outward, farNumber)
            }
        }
        var buffer = [UInt8](repeating: 1, count: bytes)
        var durations: [UInt64] = []
        for _ in 0..<count {
            let start = MonotonicTime.now
            guard carry(&buffer, .outward, nearNumber), carry(&buffer, .inward, nearNumber) else {
                break
            }
            durations.append(MonotonicTime.now.nanoseconds(since: start))
        }
        // However this ended, the other thread's calls end with it.
        _ = shutdown(nearNumber, Int32(SHUT_RDWR))
        echo.join()
        extendLifetime(pair)
        guard durations.count == count else { throw SystemError("use", "a loopback", code: EPIPE) }
        return durations
    }

    private enum Way { case inward, outward }

    /// Sends or receives the whole buffer; whether it could.
    private static func carry(_ buffer: inout [UInt8], _ way: Way, _ socket: Int32) -> Bool {
        unsafe buffer.withUnsafeMutableBytes { bytes in
            var done = 0
            while done < bytes.count {
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                let result = callKernel {
                    switch way {
                    case .inward: unsafe recv(socket, rest.baseAddress, rest.count, 0)
                    case .outward:
                        unsafe send(
                            socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                    }
                }
                guard result > 0 else { return false }
                done += result
            }
            return true
        }
    }

    /// Both ends of a connection, whose calls wait.
    private struct Pair: ~Copyable {
        let near: OwnedDescriptor
        let far: OwnedDescriptor

        static func connected() throws(SystemError) -> Pair {
            let place = Address(host: "127.0.0.1", port: 0)
            guard let wanted = try SocketAddress.resolve(place, .listening).first else {
                throw SystemError("listen on", place.description, code: EADDRNOTAVAIL)
            }
            let listener = try make(wanted.family)
            let number = listener.number
            _ = try callKernel("listen on", place.description) {
                unsafe wanted.withPointer { unsafe bind(number, $0, $1) }
            }
            _ = try callKernel("listen on", place.description) { listen(number, 1) }
            guard let address = SocketAddress.local(of: number) else {
                throw SystemError("listen on", place.description, code: EADDRNOTAVAIL)
            }
            let near = try make(wanted.family)
            let nearNumber = near.number
            _ = try callKernel("connect to", place.description) {
                unsafe address.withPointer { unsafe connect(nearNumber, $0, $1) }
            }
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = try callKernel("accept at", place.description) {
                unsafe Int(muster_accept(number, &peer, &length))
            }
            let far = OwnedDescriptor(adopting: Int32(accepted))
            let farNumber = far.number
            _ = try callKernel("change", "a descriptor") { fcntl(farNumber, F_SETFL, O_RDWR) }
            try Socket.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1, of: farNumber)
            try Socket.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1, of: nearNumber)
            extendLifetime(listener)
            return Pair(near: near, far: far)
        }

        private static func make(_ family: Int32) throws(SystemError) -> OwnedDescriptor {
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            let number = try callKernel("make", "a socket") { socket(family, kind, 0) }
            return OwnedDescriptor(adopting: Int32(number))
        }
    }
}
