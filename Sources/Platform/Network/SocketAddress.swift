internal import Glibc

/// An address in the kernel's form: numbers only.
struct SocketAddress: Sendable {
    private var storage: sockaddr_storage
    private(set) var length: socklen_t

    init(_ storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    /// `AF_INET` or `AF_INET6`.
    var family: Int32 { Int32(storage.ss_family) }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe body(rebound, length)
            }
        }
    }

    /// Fills an address by a system call such as `getsockname`.
    static func filled(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe call(rebound, &length)
            }
        }
        return result == 0 ? SocketAddress(storage, length: length) : nil
    }

    /// The address that a socket is bound to.
    static func local(of socket: Int32) -> SocketAddress? {
        unsafe filled { unsafe getsockname(socket, $0, $1) }
    }

    /// The address that a socket is connected to.
    static func peer(of socket: Int32) -> SocketAddress? {
        unsafe filled { unsafe getpeername(socket, $0, $1) }
    }

    /// The address for people, with the numbers of host and port.
    var address: Address {
        let hostBytes = Int(NI_MAXHOST)
        let portBytes = Int(NI_MAXSERV)
        var port = ""
        let host = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: hostBytes) {
            host in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: portBytes) { service in
                let result = unsafe withPointer { pointer, length in
                    unsafe getnameinfo(
                        pointer, length, host.baseAddress, socklen_t(hostBytes),
                        service.baseAddress, socklen_t(portBytes), NI_NUMERICHOST | NI_NUMERICSERV)
                }
                guard result == 0, let hostStart = host.baseAddress,
                    let portStart = service.baseAddress
                else { return "unknown" }
                port = unsafe String(cString: portStart)
                return unsafe String(cString: hostStart)
            }
        }
        // A socket that listens on both kinds shows IPv4 peers in the form `::ffff:192.0.2.1`.
        let mapped = "::ffff:"
        let isMapped = host.hasPrefix(mapped) && host.contains(".")
        return Address(
            host: isMapped ? String(host.dropFirst(mapped.count)) : host, port: UInt16(port) ?? 0)
    }

    /// What `resolve` may do to find the numbers of a host.
    enum Lookup {
        /// The host must be written in numbers; never blocks.
        case numbers
        /// Asks the files and servers that the machine is set up to ask; may block for seconds.
        case names
        /// As `names`, for an address to listen on.
        case listening
    }

    /// Finds the numbers of an address; at least one unless it throws.
    static func resolve(
        _ address: Address, _ lookup: Lookup
    ) throws(SystemError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        switch lookup {
        case .numbers: unsafe hints.ai_flags |= AI_NUMERICHOST
        case .names: break
        case .listening: unsafe hints.ai_flags |= AI_PASSIVE
        }
        let host: String? = lookup == .listening && address.host == "*" ? nil : address.host
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, "\(address.port)", &hints, &list)
        guard result == 0 else {
            let code = result == EAI_SYSTEM ? errno : 0
            let text = unsafe String(cString: gai_strerror(result))
            throw SystemError("resolve", address.host, code: code, text: text)
        }
        defer { unsafe freeaddrinfo(list) }
        let found = unsafe copies(of: list)
        guard !found.isEmpty else {
            throw SystemError("resolve", address.host, text: "it has no IPv4 or IPv6 address")
        }
        return found
    }

    private static func copies(of list: UnsafeMutablePointer<addrinfo>?) -> [SocketAddress] {
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ai_next
            let length = unsafe Int(entry.pointee.ai_addrlen)
            guard let source = unsafe entry.pointee.ai_addr,
                length <= MemoryLayout<sockaddr_storage>.size
            else { continue }
            var storage = sockaddr_storage()
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe target.copyMemory(
                    from: UnsafeRawBufferPointer(start: source, count: length))
            }
            found.append(SocketAddress(storage, length: socklen_t(length)))
        }
        return found
    }
}
