/// Names one timer of an event loop, until it has fired or was cancelled.
package struct TimerHandle: Hashable, Sendable {
    fileprivate let slot: Int
    fileprivate let generation: UInt64
}

/// Jobs ordered by the moment at which they are due; equals in the order in which they were added.
///
/// A binary heap of plain numbers, which moves no reference, over slots that hold the jobs and know
/// their place in the heap: so adding, moving and cancelling a timer cost O(log n).
struct TimerQueue<Job> {
    private struct Entry {
        var due: MonotonicTime
        var sequence: UInt64
        var slot: Int

        static func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
            left.due != right.due ? left.due < right.due : left.sequence < right.sequence
        }
    }

    private struct Slot {
        var job: Job?
        var generation: UInt64
        var place: Int
    }

    private var heap: ContiguousArray<Entry> = []
    private var slots: ContiguousArray<Slot> = []
    private var freeSlots: [Int] = []
    private var nextSequence: UInt64 = 0

    /// The number of timers that are armed.
    var count: Int { heap.count }

    /// The moment at which the first job is due.
    var firstDue: MonotonicTime? { heap.first?.due }

    /// Adds a job.
    mutating func add(_ job: Job, due: MonotonicTime) -> TimerHandle {
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot(job: nil, generation: 0, place: -1)) }
        slots[slot].job = job
        slots[slot].place = heap.count
        heap.append(Entry(due: due, sequence: takeSequence(), slot: slot))
        siftUp(from: heap.count - 1)
        return TimerHandle(slot: slot, generation: slots[slot].generation)
    }

    /// Moves a job to another moment, behind all others that are due then.
    ///
    /// Returns false, and does nothing, when the job is gone: it has run or was cancelled.
    mutating func move(_ handle: TimerHandle, due: MonotonicTime) -> Bool {
        guard let place = place(of: handle) else { return false }
        heap[place].due = due
        heap[place].sequence = takeSequence()
        siftDown(from: place)
        siftUp(from: place)
        return true
    }

    /// Drops a job and returns it; nil when it is gone already.
    @discardableResult
    mutating func cancel(_ handle: TimerHandle) -> Job? {
        guard let place = place(of: handle) else { return nil }
        return remove(at: place)
    }

    /// The number of the newest timer; every timer that is armed or moved from now on gets a larger one.
    var lastSequence: UInt64 { nextSequence }

    /// Takes out the first job if it is due at `now` and was armed no later than timer `sequence`.
    mutating func takeDue(at now: MonotonicTime, armedThrough sequence: UInt64 = .max) -> Job? {
        guard let first = heap.first, first.due <= now, first.sequence <= sequence
        else { return nil }
        return remove(at: 0)
    }

    private func place(of handle: TimerHandle) -> Int? {
        guard slots.indices.contains(handle.slot) else { return nil }
        let slot = slots[handle.slot]
        return slot.generation == handle.generation && slot.job != nil ? slot.place : nil
    }

    private mutating func takeSequence() -> UInt64 {
        nextSequence += 1
        return nextSequence
    }

    private mutating func remove(at place: Int) -> Job? {
        let slot = heap[place].slot
        let last = heap.removeLast()
        if place < heap.count {
            put(last, at: place)
            siftDown(from: place)
            siftUp(from: place)
        }
        let job = slots[slot].job.take()
        slots[slot].generation += 1
        freeSlots.append(slot)
        return job
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        slots[entry.slot].place = place
    }

    private mutating func siftUp(from start: Int) {
        let entry = heap[start]
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard Entry.isEarlier(entry, heap[parent]) else { break }
            put(heap[parent], at: place)
            place = parent
        }
        put(entry, at: place)
    }

    private mutating func siftDown(from start: Int) {
        let entry = heap[start]
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, Entry.isEarlier(heap[child + 1], heap[child]) { child += 1 }
            guard Entry.isEarlier(heap[child], entry) else { break }
            put(heap[child], at: place)
            place = child
        }
        put(entry, at: place)
    }
}
