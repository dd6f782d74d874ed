extension Connection {
    /// The number of bytes that were given to write and that the kernel has not taken yet.
    package var pendingBytes: Int { output.byteCount }

    /// Writes bytes; they leave at the end of the turn, together with all others of that turn.
    ///
    /// After the connection has ended or closed they are dropped: `onClose` tells.
    package func write(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output.append(bytes)
        scheduleFlush()
    }

    /// As `write`, for bytes that `build` appends straight to the end of the output.
    ///
    /// `build` must only append, and must not touch the connection.
    package func write(building build: (inout [UInt8]) -> Void) {
        guard isOpen else { return }
        output.append(building: build)
        scheduleFlush()
    }

    func scheduleFlush() {
        if output.byteCount > settings.maxPendingBytes {
            if !isBlocked { flush() }  // much in one turn is no proof of a slow reader: try first
            if output.byteCount > settings.maxPendingBytes {
                return finish(.slowReader(pendingBytes: output.byteCount))
            }
        }
        guard !isFlushScheduled, !isBlocked else { return }
        isFlushScheduled = true
        loop.flushLater(self)
    }

    func flushAtEndOfTurn() {
        isFlushScheduled = false
        if !isBlocked { flush() }
    }

    /// Writes as much as the kernel takes.
    func flush() {
        if case .closed = state { return }
        while output.byteCount > 0 {
            switch unsafe output.withVectors({ unsafe stream.send($0) }) {
            case .bytes(let count):
                output.consume(count)
                bytesWritten &+= count
            case .wouldBlock: return setBlocked(true)
            case .end: return
            case .failed(let code): return fail(code)
            }
        }
        setBlocked(false)
        if case .draining = state { endOutput() }
    }

    private func setBlocked(_ blocked: Bool) {
        guard blocked != isBlocked else { return }
        isBlocked = blocked
        updateInterest()
        guard !blocked, isOpen else { return }
        loop.defer { [self] in if isOpen { onDrain?() } }
    }
}
