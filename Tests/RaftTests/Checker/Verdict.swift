/// The first broken invariant, if one is.
struct Verdict: Hashable, Sendable {
    private(set) var violation: String?

    mutating func report(_ text: String) {
        if violation == nil { violation = text }
    }

    mutating func require(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds, violation == nil { violation = text() }
    }
}
