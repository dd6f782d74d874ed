// An answer that goes out piece by piece. No more than one piece is being read, and none while so much is
// unsent that the client should read first; so a slow client costs no memory, and the loop never waits for the
// disk.

extension HTTPSession {
    /// The body that is going out.
    struct Streaming {
        let stream: HTTPStream
        var remainingBytes: UInt64
        var isReading = false
    }

    /// Begins to send the body of an answer whose head has been written.
    func startStreaming(_ stream: HTTPStream) {
        streaming = Streaming(stream: stream, remainingBytes: stream.byteCount)
        pump()
    }

    /// Asks for the next piece, if it is time for one.
    func pump() {
        guard let streaming, !streaming.isReading, isConnected else { return }
        guard streaming.remainingBytes > 0 else { return finishStreaming() }
        guard !mustWaitForWriter() else { return }
        self.streaming?.isReading = true
        streaming.stream.read { [weak self] in self?.take($0) }
    }

    private func take(_ piece: [UInt8]?) {
        guard let streaming, isConnected else { return }
        guard let piece, !piece.isEmpty, UInt64(piece.count) <= streaming.remainingBytes else {
            // The length has been promised: only a broken connection tells the client that it is not kept.
            return breakOff()
        }
        self.streaming?.remainingBytes -= UInt64(piece.count)
        self.streaming?.isReading = false
        write(piece)
        pump()
    }

    private func finishStreaming() {
        streaming = nil
        answered()
    }
}
