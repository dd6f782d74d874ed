/// A first-in first-out list over one array.
///
/// - Complexity: all operations O(1), amortised over many.
struct Queue<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { head == items.count }
    var first: Element? { isEmpty ? nil : items[head] }

    mutating func append(_ element: Element) { items.append(element) }

    mutating func popFirst() -> Element? {
        guard head < items.count else { return nil }
        let element = items[head]
        replaceFirst(nil)
        return element
    }

    /// Puts another element in the place of the first, which there must be, or takes that out.
    mutating func replaceFirst(_ element: Element?) {
        items[head] = element
        if element != nil { return }
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
    }

    /// Takes all elements out, oldest first.
    mutating func removeAll() -> [Element] {
        defer {
            items.removeAll(keepingCapacity: true)
            head = 0
        }
        return items[head...].compactMap { $0 }
    }

    /// Takes out the elements that fulfil a condition, oldest first.
    mutating func removeAll(where condition: (Element) -> Bool) -> [Element] {
        let all = removeAll()
        var removed: [Element] = []
        for element in all {
            if condition(element) { removed.append(element) } else { items.append(element) }
        }
        return removed
    }
}
