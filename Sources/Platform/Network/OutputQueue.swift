internal import Glibc

/// Bytes on their way out, in the order in which they were given.
///
/// Small pieces are joined, so that a turn's many small writes leave in one system call; a large one
/// is kept as it came, without copying it.
struct OutputQueue {
    /// Pieces are joined up to this size; larger ones stand alone.
    static let joinedBytes = 64 * 1024
    /// The most pieces that one system call takes.
    static let maxVectors = 16
    /// An empty queue keeps a buffer up to this size for its next use.
    private static let keptBytes = 16 * 1024

    private var pieces: [[UInt8]] = []
    private var first = 0
    private var firstOffset = 0
    /// The number of bytes in the queue.
    private(set) var byteCount = 0

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        if let last = joinablePiece, pieces[last].count + bytes.count <= Self.joinedBytes {
            pieces[last].append(contentsOf: bytes)
        } else {
            pieces.append(bytes)
        }
        byteCount += bytes.count
    }

    /// Has `build` append to the last piece, in place.
    mutating func append(building build: (inout [UInt8]) -> Void) {
        if joinablePiece == nil { pieces.append([]) }
        let last = pieces.count - 1
        let before = pieces[last].count
        build(&pieces[last])
        invariant(pieces[last].count >= before, "a builder of output took bytes away")
        byteCount += pieces[last].count - before
    }

    private var joinablePiece: Int? {
        let last = pieces.count - 1
        return last >= first && pieces[last].count < Self.joinedBytes ? last : nil
    }

    /// Hands the front of the queue to `send` as a list of vectors.
    func withVectors(
        _ send: (UnsafeMutableBufferPointer<iovec>) -> StreamOutcome
    ) -> StreamOutcome {
        unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.maxVectors) { vectors in
            unsafe fill(vectors, filled: 0, then: send)
        }
    }

    /// Adds one vector for each piece, each within the scope of the one before, so that all pointers
    /// are valid together when `send` is called at the bottom.
    private func fill(
        _ vectors: UnsafeMutableBufferPointer<iovec>, filled: Int,
        then send: (UnsafeMutableBufferPointer<iovec>) -> StreamOutcome
    ) -> StreamOutcome {
        guard filled < vectors.count, first + filled < pieces.count else {
            return unsafe send(.init(rebasing: vectors[..<filled]))
        }
        let offset = filled == 0 ? firstOffset : 0
        return unsafe pieces[first + filled].withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            unsafe vectors[filled] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count)
            return unsafe fill(vectors, filled: filled + 1, then: send)
        }
    }

    /// Drops bytes from the front.
    mutating func consume(_ count: Int) {
        invariant(count <= byteCount, "more was written than there was")
        byteCount -= count
        var rest = count + firstOffset
        while first < pieces.count, rest >= pieces[first].count {
            rest -= pieces[first].count
            if pieces.count > 1 { pieces[first] = [] }
            first += 1
        }
        firstOffset = rest
        if byteCount == 0 { reset() } else if first > 64 { dropConsumedPieces() }
    }

    /// Drops everything.
    mutating func removeAll() { self = OutputQueue() }

    private mutating func reset() {
        let kept = pieces.last.map { $0.capacity <= Self.keptBytes } ?? false
        if kept, pieces.count == 1 {
            pieces[0].removeAll(keepingCapacity: true)
        } else {
            pieces.removeAll(keepingCapacity: pieces.count <= 64)
        }
        first = 0
        firstOffset = 0
    }

    private mutating func dropConsumedPieces() {
        pieces.removeSubrange(..<first)
        first = 0
    }
}
