/// The first broken invariant, if one is.
package struct ModelVerdict: Hashable, Sendable {
    package private(set) var violation: String?

    package mutating func report(_ text: String) {
        if violation == nil { violation = text }
    }

    package mutating func require(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds, violation == nil { violation = text() }
    }
}
