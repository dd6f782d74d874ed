/// A hierarchical timing wheel over the places of a dense array.
///
/// Eight levels of 64 lists; a list at level *n* spans 64ⁿ milliseconds. An entry lies at the level
/// of the highest digit (in base 64) by which its deadline differs from the wheel's time, so near
/// deadlines are exact and far ones are coarse, and are sorted finer when their list comes up.
///
/// The wheel only says who *may* be due: it gives out at least all whose deadline has come, and the
/// owner looks at the true deadline and arms again who has time left. So a deadline may be moved to
/// later without telling the wheel (a beat does that), and the outcome never depends on how the
/// wheel came to be: a rebuilt one gives the same.
struct TimingWheel: Sendable {
    private static var levelCount: Int { 8 }
    private static var nowhere: UInt32 { .max }
    private static var unarmed: UInt16 { .max }
    /// The list after all levels: deadlines that had passed when they were set.
    private static var overdue: UInt16 { UInt16(levelCount * 64) }

    /// Links an entry to its neighbours in the list at `place`.
    private struct Node: Sendable {
        var next = TimingWheel.nowhere
        var previous = TimingWheel.nowhere
        var place = TimingWheel.unarmed
    }

    private var nodes = PagedArray<Node>()
    private var heads = Array(repeating: nowhere, count: Int(overdue) + 1)
    /// For each level a bit a list that is not empty.
    private var occupied = Array(repeating: UInt64(0), count: levelCount)
    /// All lists that begin at or before this time have been given out.
    private var elapsed: UInt64 = 0
    private var armedCount = 0
    /// Entries and lists looked at so far: the work done, for tests and metrics.
    private(set) var visits = 0

    /// Sets or moves the deadline of a place. `now` is the time at which that happens.
    mutating func arm(_ slot: UInt32, at deadline: UInt64, now: UInt64) {
        while nodes.count <= Int(slot) { nodes.append(Node()) }
        disarm(slot)
        if armedCount == 0 { elapsed = max(elapsed, now) }  // nothing is skipped by it
        link(slot, at: place(of: deadline))
        armedCount += 1
    }

    /// Forgets the deadline of a place, if it has one.
    mutating func disarm(_ slot: UInt32) {
        guard Int(slot) < nodes.count, nodes[slot].place != Self.unarmed else { return }
        let node = nodes[slot]
        if node.previous == Self.nowhere {
            heads[Int(node.place)] = node.next
            if node.next == Self.nowhere { markEmpty(node.place) }
        } else {
            nodes[node.previous].next = node.next
        }
        if node.next != Self.nowhere { nodes[node.next].previous = node.previous }
        nodes[slot] = Node()
        armedCount -= 1
    }

    /// A time before which nobody is due; `nil` when nobody is armed.
    ///
    /// Exact for deadlines in the next 64 milliseconds or so; a farther one gets exact by and by, as
    /// `takeDue` is called at the times given here.
    var nextDeadline: UInt64? {
        if heads[Int(Self.overdue)] != Self.nowhere { return elapsed }
        for level in 0..<Self.levelCount where occupied[level] != 0 {
            return start(of: occupied[level].trailingZeroBitCount, at: level)
        }
        return nil
    }

    /// Appends all whose deadline is at or before `now`, and some others, in no particular order.
    /// They are disarmed; the caller arms those again who have time left.
    mutating func takeDue(at now: UInt64, into slots: inout [UInt32]) {
        unlinkAll(at: Self.overdue, into: &slots)
        levels: for level in 0..<Self.levelCount {
            while occupied[level] != 0 {
                let list = occupied[level].trailingZeroBitCount
                if start(of: list, at: level) > now { break levels }
                visits += 1
                unlinkAll(at: UInt16(level * 64 + list), into: &slots)
            }
        }
        elapsed = max(elapsed, now)
    }

    /// The bytes that are no longer shared with an earlier copy of this wheel.
    func copiedBytes(since old: Self) -> Int {
        nodes.copiedBytes(since: old.nodes)
            + (heads.span.isIdentical(to: old.heads.span) ? 0 : heads.count * 4)
    }
}

extension TimingWheel {
    /// When the list begins. Lists of a lower level lie before those of a higher one.
    private func start(of list: Int, at level: Int) -> UInt64 {
        let span = UInt64(6 * level)
        return ((elapsed >> (span + 6)) << (span + 6)) | (UInt64(list) << span)
    }

    private func place(of deadline: UInt64) -> UInt16 {
        guard deadline > elapsed else { return Self.overdue }
        let level = (63 - (deadline ^ elapsed).leadingZeroBitCount) / 6
        let list = (deadline >> UInt64(6 * level)) & 63
        return UInt16(level * 64) + UInt16(list)
    }

    private mutating func link(_ slot: UInt32, at place: UInt16) {
        let head = heads[Int(place)]
        nodes[slot] = Node(next: head, place: place)
        if head != Self.nowhere { nodes[head].previous = slot }
        heads[Int(place)] = slot
        if place != Self.overdue { occupied[Int(place) / 64] |= 1 << UInt64(place % 64) }
    }

    private mutating func unlinkAll(at place: UInt16, into slots: inout [UInt32]) {
        var slot = heads[Int(place)]
        while slot != Self.nowhere {
            slots.append(slot)
            let next = nodes[slot].next
            nodes[slot] = Node()
            slot = next
            armedCount -= 1
            visits += 1
        }
        heads[Int(place)] = Self.nowhere
        markEmpty(place)
    }

    private mutating func markEmpty(_ place: UInt16) {
        guard place != Self.overdue else { return }
        occupied[Int(place) / 64] &= ~(1 << UInt64(place % 64))
    }
}
