internal import Glibc

/// Reads lines from a pipe on an event loop.
final class LineReader {
    private let loop: EventLoop
    private let onLine: (String) -> Void
    private var pipe: OwnedDescriptor?
    private var registration: Registration?
    private var lines = LineSplitter()

    init(
        _ pipe: consuming OwnedDescriptor, on loop: EventLoop,
        _ onLine: @escaping (String) -> Void
    ) {
        self.loop = loop
        self.onLine = onLine
        self.pipe = consume pipe
    }

    /// Reads from now on; the loop keeps the reader alive until the pipe ends.
    func start() throws(SystemError) {
        guard let number = pipe?.number else { return }
        try pipe?.setNonBlocking()
        registration = try loop.register(number, .readable) { [self] _ in _ = readOnce() }
    }

    /// The largest pipe that an ordinary process can make, in reads of the loop's buffer.
    private static let maxReadsOfFullPipe = 1024 * 1024 / EventLoop.scratchBytes

    /// Reads what is left in the pipe and closes it.
    ///
    /// Somebody else may still hold the pipe's other end and go on writing: what was in the pipe
    /// when this was called is read, and not for ever what comes after.
    func finish() {
        for _ in 0...Self.maxReadsOfFullPipe {
            guard readOnce() else { break }
        }
        close()
    }

    /// Reads once; false when nothing more is there now.
    private func readOnce() -> Bool {
        guard let number = pipe?.number else { return false }
        let buffer = unsafe loop.scratch
        let result = callKernel { unsafe read(number, buffer.baseAddress, buffer.count) }
        if result > 0 {
            // The lines are taken out of the buffer before anybody is called: whoever gets them may
            // make the loop's buffer be used again.
            var complete: [String] = []
            let bytes = unsafe UnsafeBufferPointer(rebasing: buffer[..<result])
            lines.append(unsafe bytes.span) { complete.append($0) }
            for line in complete { onLine(line) }
            return true
        }
        if result != -Int(EAGAIN) { close() }
        return false
    }

    func close() {
        guard pipe != nil else { return }
        if let registration { loop.deregister(registration) }
        registration = nil
        pipe = nil
        lines.end(onLine)
    }
}
