/// The share of traffic an instance asks for: 0 (none) to 10,000.
///
/// Kept as the bits of the number the client sent, so that it comes back as it went in. The bits of
/// numbers that are not negative are ordered as the numbers are, hence the checks below are made
/// on integers and come out alike on every machine.
package struct Weight: Hashable, Sendable {
    /// The bits of an IEEE 754 double: 0, or 0.01 to 10,000.
    package let bitPattern: UInt64

    /// The weight of an instance that names none.
    package static let one = Weight(unchecked: (1.0 as Double).bitPattern)

    private static let smallestBits = (0.01 as Double).bitPattern
    private static let largestBits = (10_000 as Double).bitPattern

    /// Takes a client's number: what lies between 0 and 0.01 becomes 0.01 (as in Nacos); `nil` when
    /// it is negative, above 10,000 or no number.
    package init?(_ value: Double) {
        let bits = value == 0 ? 0 : value.bitPattern  // one zero only
        guard bits <= Self.largestBits else { return nil }
        bitPattern = bits == 0 ? 0 : max(bits, Self.smallestBits)
    }

    /// Takes bits that must already be those of a weight.
    init?(bitPattern: UInt64) {
        guard
            bitPattern == 0 || (Self.smallestBits...Self.largestBits).contains(bitPattern)
        else { return nil }
        self.bitPattern = bitPattern
    }

    private init(unchecked bitPattern: UInt64) { self.bitPattern = bitPattern }

    /// The number, for showing.
    package var value: Double { Double(bitPattern: bitPattern) }
}
