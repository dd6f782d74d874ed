extension Connection {
    /// Reads what is there, up to the turn's budget, and offers it.
    func receive() {
        var budget = settings.maxBytesPerTurn
        while budget > 0, isReading {
            let count = receiveOnce()
            guard count == EventLoop.scratchBytes else { return }  // the socket is empty now
            budget -= count
        }
    }

    private var isReading: Bool {
        switch state {
        case .open: !isPaused
        case .draining, .lingering: true
        case .closed: false
        }
    }

    /// Makes one system call; returns the number of bytes that it brought.
    private func receiveOnce() -> Int {
        let buffer = unsafe loop.scratch
        switch unsafe stream.receive(into: UnsafeMutableRawBufferPointer(buffer)) {
        case .bytes(let count):
            if isOpen { unsafe take(UnsafeBufferPointer(rebasing: buffer[..<count])) }
            return count
        case .wouldBlock: break
        case .end: receiveEnd()
        case .failed(let code): fail(code)
        }
        return 0
    }

    /// Offers new bytes where they are if nothing is left over from before, which spares the copy.
    private func take(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard input.isEmpty else {
            unsafe input.append(contentsOf: bytes)
            return offerInput()
        }
        let consumed = offer(unsafe bytes.span)
        guard isOpen, consumed < bytes.count else { return }
        unsafe input.append(contentsOf: bytes[consumed...])
        checkInputLimit()
    }

    /// Offers all that lies there and drops what was consumed.
    func offerInput() {
        // The callback gets the buffer out of reach of anything it may do to the connection.
        let bytes = input
        input = []
        let offset = inputOffset
        inputOffset = 0
        let consumed = offset + offer(bytes.span.extracting(offset...))
        guard isOpen, consumed < bytes.count else { return }
        input = consume bytes
        inputOffset = consumed
        checkInputLimit()
    }

    private func offer(_ bytes: Span<UInt8>) -> Int {
        guard let onBytes else { return 0 }
        isOffering = true
        let consumed = onBytes(bytes)
        isOffering = false
        invariant(consumed >= 0 && consumed <= bytes.count, "more was consumed than there was")
        return consumed
    }

    private func checkInputLimit() {
        let unconsumed = input.count - inputOffset
        if unconsumed > settings.maxUnconsumedBytes {
            return finish(.inputLimit(unconsumedBytes: unconsumed))
        }
        // Moving the rest to the front costs no more than the bytes that were consumed before it.
        guard inputOffset >= unconsumed else { return }
        input.removeSubrange(..<inputOffset)
        inputOffset = 0
    }

    private func receiveEnd() {
        hasEnded = true
        switch state {
        case .open where settings.allowsHalfClose:
            updateInterest()
            let callback = onEnd
            callback?()
        case .open:
            flush()  // a last answer, made in this very turn, may still find its reader
            finish(.endOfStream)
        case .draining: updateInterest()
        case .lingering: finish(.closedHere)
        case .closed: break
        }
    }
}
