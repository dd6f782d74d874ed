internal import CPlatform
internal import Glibc

/// What a descriptor is watched for.
package struct Interest: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let readable = Interest(rawValue: 1)
    package static let writable = Interest(rawValue: 2)

    fileprivate var events: UInt32 {
        (contains(.readable) ? EPOLLIN.rawValue : 0) | (contains(.writable) ? EPOLLOUT.rawValue : 0)
    }
}

/// What a descriptor is ready for. `broken` and `hungUp` come whether asked for or not.
package struct Readiness: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    package static let broken = Readiness(rawValue: 4)
    package static let hungUp = Readiness(rawValue: 8)

    fileprivate init(events: UInt32) {
        var value: Readiness = []
        if events & EPOLLIN.rawValue != 0 { value.insert(.readable) }
        if events & EPOLLOUT.rawValue != 0 { value.insert(.writable) }
        if events & EPOLLERR.rawValue != 0 { value.insert(.broken) }
        if events & EPOLLHUP.rawValue != 0 { value.insert(.hungUp) }
        self = value
    }
}

/// Names one descriptor that a loop watches.
package struct Registration: Hashable, Sendable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32

    fileprivate var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The kernel's list of watched descriptors (epoll) and the handlers that belong to them.
@safe final class Poller {
    private struct Slot {
        var handler: ((Readiness) -> Void)?
        var descriptor: Int32
        var generation: UInt32
        var interest: Interest
    }

    /// How many events one system call may report; the rest is reported by the next.
    private static let maxEvents = 256
    /// The token of the eventfd, which has no handler: waking is all it does.
    private static let wakeToken = UInt64.max

    private let epoll: OwnedDescriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private var eventCount = 0
    private var slots: ContiguousArray<Slot> = []
    private var freeSlots: [UInt32] = []

    init() throws(SystemError) {
        let flags = Int32(EPOLL_CLOEXEC)
        epoll = OwnedDescriptor(
            adopting: Int32(try callKernel("make", "an epoll set") { epoll_create1(flags) }))
        unsafe events = .allocate(capacity: Self.maxEvents)
        unsafe events.initialize(repeating: epoll_event())
    }

    deinit { unsafe events.deallocate() }

    /// Watches a descriptor that only ever wakes the loop and is never read.
    func watchEdges(of descriptor: Int32) throws(SystemError) {
        let events = EPOLLIN.rawValue | EPOLLET.rawValue
        let result = control(EPOLL_CTL_ADD, descriptor, events, token: Self.wakeToken)
        guard result == 0 else { throw SystemError("watch", "an eventfd", code: Int32(-result)) }
    }

    func register(
        _ descriptor: Int32, _ interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Registration {
        let index = freeSlots.popLast() ?? UInt32(slots.count)
        if Int(index) == slots.count {
            slots.append(Slot(handler: nil, descriptor: -1, generation: 0, interest: []))
        }
        let registration = Registration(slot: index, generation: slots[Int(index)].generation)
        let result = control(
            EPOLL_CTL_ADD, descriptor, interest.events, token: registration.token)
        guard result == 0 else {
            freeSlots.append(index)
            throw SystemError("watch", "descriptor \(descriptor)", code: Int32(-result))
        }
        slots[Int(index)].handler = handler
        slots[Int(index)].descriptor = descriptor
        slots[Int(index)].interest = interest
        return registration
    }

    func modify(_ registration: Registration, _ interest: Interest) {
        let index = Int(registration.slot)
        guard isCurrent(registration), slots[index].interest != interest else { return }
        slots[index].interest = interest
        let result = control(
            EPOLL_CTL_MOD, slots[index].descriptor, interest.events, token: registration.token)
        invariant(result == 0, "a descriptor was closed while it was watched (errno \(-result))")
    }

    func deregister(_ registration: Registration) {
        let index = Int(registration.slot)
        guard isCurrent(registration) else { return }
        let result = control(EPOLL_CTL_DEL, slots[index].descriptor, 0, token: 0)
        invariant(result == 0, "a descriptor was closed while it was watched (errno \(-result))")
        // The handler is released only when `slots` is at rest again: what it holds may come back here.
        let handler = slots[index].handler.take()
        slots[index].generation &+= 1  // an event that is already in hand finds nobody
        freeSlots.append(registration.slot)
        withExtendedLifetime(handler) {}
    }

    /// Gives all handlers away; nothing is watched from then on.
    func takeHandlers() -> [(Readiness) -> Void] {
        var handlers: [(Readiness) -> Void] = []
        for index in slots.indices {
            if let handler = slots[index].handler.take() { handlers.append(handler) }
            slots[index].generation &+= 1
        }
        return handlers
    }

    /// Waits for events until `limit`; nil does not wait at all.
    ///
    /// The kernel is told milliseconds, rounded up: a timer is never early.
    func wait(until limit: MonotonicTime?) {
        var timeout: Int32 = 0
        if let limit, limit == .distantFuture {
            timeout = -1
        } else if let limit {
            let nanoseconds = limit.nanoseconds(since: .now)
            timeout = Int32(
                clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
        }
        let count = epoll_wait_once(timeout)
        // An interruption is a turn in which nothing happened.
        invariant(count >= 0 || count == -Int(EINTR), "epoll fails (errno \(-count))")
        eventCount = max(0, count)
    }

    private func epoll_wait_once(_ timeout: Int32) -> Int {
        let result = unsafe epoll_wait(
            epoll.number, events.baseAddress, Int32(Self.maxEvents), timeout)
        return result >= 0 ? Int(result) : -Int(errno)
    }

    /// Whether `wait` has found anything.
    var hasEvents: Bool { eventCount > 0 }

    /// Calls the handlers of what `wait` has found.
    func dispatch() {
        let count = eventCount
        eventCount = 0
        for index in 0..<count {
            let event = unsafe events[index]
            let token = unsafe event.data.u64
            guard token != Self.wakeToken else { continue }
            let registration = Registration(
                slot: UInt32(truncatingIfNeeded: token),
                generation: UInt32(truncatingIfNeeded: token >> 32))
            guard isCurrent(registration) else { continue }
            slots[Int(registration.slot)].handler?(Readiness(events: unsafe event.events))
        }
    }

    private func isCurrent(_ registration: Registration) -> Bool {
        let index = Int(registration.slot)
        return slots.indices.contains(index)
            && slots[index].generation == registration.generation && slots[index].handler != nil
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ events: UInt32, token: UInt64
    ) -> Int {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = token
        let set = epoll.number
        return callKernel { unsafe epoll_ctl(set, operation, descriptor, &event) }
    }
}
