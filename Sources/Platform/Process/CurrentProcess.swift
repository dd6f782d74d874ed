internal import CPlatform
internal import Glibc

/// This process.
package enum CurrentProcess {
    /// Its number.
    package static var pid: Int32 { getpid() }

    /// The path of its executable.
    package static func executablePath() throws(SystemError) -> String {
        let link = "/proc/self/exe"
        var failure = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            let result = unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress else { return 0 }
                return callKernel { unsafe readlink(link, start, text.count) }
            }
            if result < 0 { failure = result } else { filled = result }
        }
        guard failure == 0 else { throw SystemError("read", link, code: Int32(-failure)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value of an environment variable.
    package static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Makes writing to a closed pipe an error instead of the end of the process.
    package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

    /// Ends the process in order.
    package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

    /// Ends the process once the other end of a pipe is closed, at the latest by the death of its owner.
    ///
    /// A child started by `ChildProcess` calls this for its standard input, whose other end only
    /// the parent holds: however the parent dies, kill -9 included, the child follows at once.
    /// The process ends without any clean-up, just as if it had been killed itself.
    package static func exitWhenParentCloses(_ descriptor: Int32 = 0) throws(SystemError) {
        try SystemThread(name: "parent-watch") {
            var byte: UInt8 = 0
            while callKernel({ unsafe read(descriptor, &byte, 1) }) > 0 {}
            _exit(1)
        }.detach()
    }

    /// As `exitWhenParentCloses`, and even while this process is stopped and can notice nothing by itself: the kernel
    /// kills it when the thread that has started it is gone.
    package static func dieWithParent() throws(SystemError) {
        // In this order: a parent that was gone before the kernel was told is noticed by the other way.
        let code = muster_die_with_parent()
        guard code == 0 else { throw SystemError("watch", "the parent", code: code) }
        try exitWhenParentCloses()
    }
}

/// A signal that is sent to, or watched by, a process.
package enum Signal: Int32, Sendable {
    case hangUp = 1
    case interrupt = 2
    case kill = 9
    case user1 = 10
    case user2 = 12
    case terminate = 15
    case `continue` = 18
    case stop = 19
}
