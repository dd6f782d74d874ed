internal import CPlatform
internal import Glibc

/// A process that this one has started.
///
/// Confined to the loop's thread. The child's standard input is a pipe on which nothing is ever
/// written and whose other end only this process holds: a child that calls
/// `CurrentProcess.exitWhenParentCloses` cannot outlive its parent. It is in a process group of its own,
/// so a Ctrl-C at the terminal reaches the parent alone, which then ends its children in order.
package final class ChildProcess {
    /// How a process ended.
    package enum Status: Hashable, Sendable, CustomStringConvertible {
        /// By itself, with this code.
        case code(Int32)
        /// By a signal.
        case signal(Int32)

        init(waitStatus status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
        }

        /// In words: `exit code 1`, `signal 9`.
        package var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    /// Which of its two outputs a child wrote a line to.
    package enum Stream: Hashable, Sendable { case output, error }

    /// Where a child's outputs go.
    package enum Output {
        /// To the outputs of this process.
        case inherited
        /// To a function, line by line.
        case lines((Stream, String) -> Void)
    }

    /// The child's number.
    package let pid: Int32
    /// How the child ended; nil while it runs.
    package private(set) var status: Status?

    private let loop: EventLoop
    private let onExit: (Status) -> Void
    private var lifeline: OwnedDescriptor?
    private var readers: [LineReader] = []

    /// Starts a process. `arguments` are those after the program's name.
    ///
    /// `onExit` runs once, on the loop, after the last line that the child wrote.
    package init(
        executable: String, arguments: [String], output: Output, on loop: EventLoop,
        onExit: @escaping (Status) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.onExit = onExit
        let input = try Pipe()
        var spawn = SpawnRequest(input: input.readEnd.number)
        switch output {
        case .inherited:
            pid = try spawn.run(executable, arguments)
        case .lines(let onLine):
            let out = try Pipe()
            let error = try Pipe()
            spawn.output = out.writeEnd.number
            spawn.error = error.writeEnd.number
            pid = try spawn.run(executable, arguments)
            // The child has the ends for writing: ours are closed here.
            readers = [
                LineReader(out.takeReadEnd(), on: loop) { onLine(.output, $0) },
                LineReader(error.takeReadEnd(), on: loop) { onLine(.error, $0) },
            ]
        }
        lifeline = input.takeWriteEnd()
        try start()
    }

    /// Follows the outputs and the end of the child; if that cannot be done there is no child either.
    private func start() throws(SystemError) {
        do {
            for reader in readers { try reader.start() }
            try watch()
        } catch {
            for reader in readers { reader.close() }
            var status: Int32 = 0
            _ = kill(pid, SIGKILL)
            _ = callKernel { unsafe waitpid(pid, &status, 0) }
            self.status = Status(waitStatus: status)
            throw error
        }
    }

    /// Sends a signal; nothing happens when the child has ended.
    package func signal(_ signal: Signal) {
        // Until the loop has reaped it, here, the number cannot belong to another process.
        guard status == nil else { return }
        _ = kill(pid, signal.rawValue)
    }

    /// Has a thread wait for the end. It leaves the child unreaped, so that its number stays taken
    /// until the loop knows.
    private func watch() throws(SystemError) {
        let bound = LoopBound(self, on: loop)
        let waker = loop.waker
        let pid = self.pid
        try SystemThread(name: "child-\(pid)") {
            var info = unsafe siginfo_t()
            _ = callKernel { unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) }
            waker.post { bound.value.reap() }
        }.detach()
    }

    private func reap() {
        var code: Int32 = 0
        let result = callKernel { unsafe waitpid(pid, &code, 0) }
        invariant(result == Int(pid), "child \(pid) was waited for by somebody else")
        let status = Status(waitStatus: code)
        self.status = status
        lifeline = nil
        for reader in readers { reader.finish() }
        readers = []
        onExit(status)
    }
}
