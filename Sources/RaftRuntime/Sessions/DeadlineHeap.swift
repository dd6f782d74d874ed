/// Sessions by the time at which to look at them; a binary heap, the earliest on top.
///
/// It only says whom to look at. Nothing depends on the order among those that are due together, so
/// a rebuilt heap is as good as the first.
struct DeadlineHeap: Sendable {
    private struct Item {
        var deadline: UInt64
        var id: SessionID
    }

    private var items: [Item] = []
    /// Items moved or looked at: the work done, for tests.
    private(set) var steps = 0

    var count: Int { items.count }

    mutating func push(_ deadline: UInt64, _ id: SessionID) {
        items.append(Item(deadline: deadline, id: id))
        var i = items.count - 1
        while i > 0, items[(i - 1) / 2].deadline > items[i].deadline {
            items.swapAt(i, (i - 1) / 2)
            i = (i - 1) / 2
            steps += 1
        }
    }

    /// Takes out one whose deadline has come.
    mutating func popDue(at time: UInt64) -> SessionID? {
        guard let first = items.first, first.deadline <= time else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            sink(0)
        }
        steps += 1
        return first.id
    }

    mutating func removeAll(where condition: (SessionID) -> Bool) {
        steps += items.count
        items.removeAll { condition($0.id) }
        for i in stride(from: items.count / 2 - 1, through: 0, by: -1) { sink(i) }
    }

    private mutating func sink(_ start: Int) {
        var i = start
        while 2 * i + 1 < items.count {
            var child = 2 * i + 1
            if child + 1 < items.count, items[child + 1].deadline < items[child].deadline {
                child += 1
            }
            guard items[child].deadline < items[i].deadline else { return }
            items.swapAt(i, child)
            i = child
            steps += 1
        }
    }
}
