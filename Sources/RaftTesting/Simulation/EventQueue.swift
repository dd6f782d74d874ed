/// What is going to happen, by time and, at one moment, in the order in which it was planned.
///
/// The heap holds places only: moving what is to happen up and down in it costs more than all else here.
struct EventQueue<Kind> {
    struct Item {
        var time: UInt64
        var kind: Kind
    }

    private struct Entry {
        var time: UInt64
        var order: UInt64
        var slot: Int

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var heap: [Entry] = []
    private var kinds: [Kind?] = []
    private var freeSlots: [Int] = []
    private var planned: UInt64 = 0

    mutating func plan(_ kind: Kind, at time: UInt64) {
        planned += 1
        var slot = kinds.count
        if let free = freeSlots.popLast() {
            slot = free
            kinds[slot] = kind
        } else {
            kinds.append(kind)
        }
        heap.append(Entry(time: time, order: planned, slot: slot))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popNext() -> Item? {
        guard let first = heap.first, let last = heap.popLast(), let kind = kinds[first.slot]
        else { return nil }
        kinds[first.slot] = nil
        freeSlots.append(first.slot)
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return Item(time: first.time, kind: kind)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// A running hash over all that happens; equal runs have equal hashes, in every process.
struct TraceHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func mix(_ number: UInt64) {
        value = (value ^ number) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }

    mutating func mix(_ first: Int, _ second: Int) {
        mix(UInt64(truncatingIfNeeded: first) << 32 ^ UInt64(truncatingIfNeeded: second))
    }
}
