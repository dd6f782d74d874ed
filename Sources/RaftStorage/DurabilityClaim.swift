/// What a header on disk says: up to where the log was durable when that header was written.
///
/// No crash can have changed anything before that place; `LogFormat.swift` says what follows from it.
public struct DurabilityClaim: Hashable, Comparable, Sendable {
    /// Up to here.
    public var through: DiskPosition
    /// Where the header stands that says so; offset 0 is the header of a segment.
    public var source: DiskPosition

    static let none = DurabilityClaim(through: .zero, source: .zero)

    /// Orders claims by how far they reach.
    public static func < (left: Self, right: Self) -> Bool { left.through < right.through }
}
