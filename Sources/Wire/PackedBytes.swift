/// A list of byte strings in one buffer.
///
/// Entries travel from the proposer to the log, to the disk and over the network in this form, so
/// that a batch costs two allocations and not one an entry.
public struct PackedBytes: Equatable, Hashable, Sendable {
    /// All the byte strings, end to end.
    public private(set) var bytes: [UInt8]
    /// For each byte string the offset just past its last byte.
    @usableFromInline var ends: [Int]

    /// Creates an empty list.
    public init() {
        bytes = []
        ends = []
    }

    /// Puts together a list whose parts are known to agree: `ends` rises to the end of `bytes`.
    init(bytes: [UInt8], ends: [Int]) {
        self.bytes = bytes
        self.ends = ends
    }

    /// Creates a list of the given byte strings.
    public init(_ items: [[UInt8]]) {
        self.init()
        for item in items { append(item.span) }
    }

    /// The number of byte strings.
    public var count: Int { ends.count }

    /// Whether there is no byte string in the list (an empty byte string counts as one).
    public var isEmpty: Bool { ends.isEmpty }

    /// The number of bytes of all byte strings together.
    public var byteCount: Int { bytes.count }

    /// The number of bytes of the longest byte string.
    /// - Complexity: O(*n*) for *n* byte strings.
    public var longest: Int {
        var (longest, start) = (0, 0)
        for end in ends {
            longest = max(longest, end - start)
            start = end
        }
        return longest
    }

    /// Whether the memory that is set aside is at most some twice what is in it: then it can be kept as it is.
    public var isCompact: Bool {
        bytes.capacity <= 2 * bytes.count + 256 && ends.capacity <= 2 * ends.count + 32
    }

    /// Reserves room for that many more byte strings and bytes.
    public mutating func reserve(count: Int, bytes byteCount: Int) {
        ends.reserveCapacity(ends.count + count)
        bytes.reserveCapacity(bytes.count + byteCount)
    }

    /// Appends one byte string.
    public mutating func append(_ item: Span<UInt8>) {
        bytes.write(item)
        ends.append(bytes.count)
    }

    /// Appends one byte string that is given in two parts.
    public mutating func append(_ start: Span<UInt8>, _ rest: Span<UInt8>) {
        bytes.write(start)
        bytes.write(rest)
        ends.append(bytes.count)
    }

    /// Appends one byte string that `build` writes at the end of the buffer it is handed.
    ///
    /// `build` must only append.
    public mutating func append(building build: (inout [UInt8]) -> Void) {
        build(&bytes)
        ends.append(bytes.count)
    }

    /// Appends a range of another list's byte strings.
    public mutating func append(_ other: PackedBytes, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let span = other.range(of: range)
        let shift = bytes.count - span.lowerBound
        bytes.append(contentsOf: other.bytes[span])
        for i in range { ends.append(other.ends[i] + shift) }
    }

    /// Keeps the first `count` byte strings and drops the rest.
    public mutating func truncate(toCount count: Int) {
        guard count < ends.count else { return }
        ends.removeSubrange(count...)
        bytes.removeSubrange((ends.last ?? 0)...)
    }

    /// Drops all byte strings and keeps the memory.
    public mutating func removeAll() {
        ends.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// The place of one byte string in `bytes`.
    @inlinable
    public func range(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// The place of a run of byte strings in `bytes`.
    public func range(of range: Range<Int>) -> Range<Int> {
        let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1]
        return start..<(range.isEmpty ? start : ends[range.upperBound - 1])
    }

    /// One byte string as an array of its own.
    public subscript(index: Int) -> [UInt8] { Array(bytes[range(of: index)]) }

    /// Hands one byte string to `body` without copying it.
    public func withItem<Result, Failure: Error>(
        _ index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes.span.extracting(range(of: index)))
    }
}
