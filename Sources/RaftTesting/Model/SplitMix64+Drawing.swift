package import RaftRuntime

extension SplitMix64 {
    /// A number in `0 ..< bound`.
    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Whether a throw of a die with `sides` sides shows a one.
    package mutating func oneIn(_ sides: Int) -> Bool { below(sides) == 0 }

    /// One of the elements, of which there is at least one.
    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
