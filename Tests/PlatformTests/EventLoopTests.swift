internal import Glibc
internal import Testing

@testable internal import Platform

@Suite struct EventLoopTests {
    @Test func `timers fire in the order of their times and equals in the order of arming`() throws
    {
        var fired: [String] = []
        try withLoop { loop in
            let start = MonotonicTime.now
            loop.schedule(at: start.advanced(byMilliseconds: 6)) {
                fired.append("third")
                loop.stop()
            }
            loop.schedule(at: start.advanced(byMilliseconds: 2)) { fired.append("first") }
            loop.schedule(at: start.advanced(byMilliseconds: 2)) { fired.append("second") }
        }
        #expect(fired == ["first", "second", "third"])
    }

    @Test func `a timer is never early`() throws {
        let due = MonotonicTime.now.advanced(byNanoseconds: 3_400_000)
        try withLoop { loop in
            loop.schedule(at: due) {
                #expect(loop.turnTime >= due)
                loop.stop()
            }
        }
    }

    @Test func `a cancelled timer stays silent and a moved one fires once`() throws {
        var fired: [String] = []
        try withLoop { loop in
            let start = MonotonicTime.now
            let cancelled = loop.schedule(at: start) { fired.append("cancelled") }
            let moved = loop.schedule(at: start) { fired.append("moved") }
            loop.cancel(cancelled)
            #expect(!loop.reschedule(cancelled, at: start))
            #expect(loop.reschedule(moved, at: start.advanced(byMilliseconds: 4)))
            loop.schedule(at: start.advanced(byMilliseconds: 2)) { fired.append("between") }
            loop.schedule(at: start.advanced(byMilliseconds: 6)) {
                #expect(!loop.reschedule(moved, at: start))
                loop.stop()
            }
        }
        #expect(fired == ["between", "moved"])
    }

    @Test func `a timer that re-arms itself for the present does not hold the loop up`() throws {
        var turns: Set<Int> = []
        try withLoop { loop in
            func again() {
                turns.insert(loop.turnCount)
                if turns.count == 3 { loop.stop() }
                loop.schedule(at: loop.turnTime) { again() }
            }
            loop.schedule(at: .now) { again() }
        }
        #expect(turns.count == 3)
    }

    @Test func `a loop that has ended lets go of everything, descriptors included`() throws {
        final class Holder {
            let loop: EventLoop
            let pipe: OwnedDescriptor
            var registration: Registration?
            var timer: TimerHandle?

            init(_ loop: EventLoop, _ pipe: consuming OwnedDescriptor) throws {
                self.loop = loop
                self.pipe = pipe
                registration = try loop.register(self.pipe.number, .readable) { [self] _ in
                    withExtendedLifetime(self) {}
                }
                timer = loop.schedule(at: .distantFuture) { [self] in withExtendedLifetime(self) {}
                }
                loop.atEndOfTurn { [self] in withExtendedLifetime(self) {} }
            }

            deinit {
                if let registration { loop.deregister(registration) }
                if let timer { loop.cancel(timer) }
            }
        }
        weak var holder: Holder?
        try withLoop { loop in
            let made = try Holder(loop, try Pipe().takeReadEnd())
            holder = made
            loop.defer { loop.stop() }
        }
        #expect(holder == nil)
    }

    @Test func `an event in hand for a descriptor that was deregistered finds nobody`() throws {
        let first = try Pipe()
        let second = try Pipe()
        let third = try Pipe()  // never becomes readable, but takes the place that is freed
        var calls: [String] = []
        try withLoop { loop in
            var registrations: [Registration] = []
            func handle(_ name: String, _ other: Int) {
                calls.append(name)
                loop.deregister(registrations[other])
                _ = try? loop.register(third.readEnd.number, .readable) { _ in
                    calls.append("stranger")
                }
                loop.defer { loop.stop() }
            }
            registrations = [
                try loop.register(first.readEnd.number, .readable) { _ in handle("first", 1) },
                try loop.register(second.readEnd.number, .readable) { _ in handle("second", 0) },
            ]
            for pipe in [first.writeEnd.number, second.writeEnd.number] {
                var byte: UInt8 = 1
                #expect(unsafe write(pipe, &byte, 1) == 1)
            }
            loop.schedule(at: .now) { loop.stop() }
        }
        #expect(calls.count == 1 && !calls.contains("stranger"))
    }

    @Test func `hooks run once at the end of each turn, after timers and jobs`() throws {
        var order: [String] = []
        try withLoop { loop in
            loop.atEndOfTurn { order.append("hook") }
            loop.defer {
                order.append("deferred")
                loop.defer {
                    order.append("next turn")
                    loop.stop()
                }
            }
            loop.schedule(at: .now) { order.append("timer") }
        }
        #expect(order == ["deferred", "timer", "hook", "next turn", "hook"])
    }

    @Test func `what waits for the flush finds everything sent that the turn has written`() throws {
        var received: [UInt8] = []
        var order: [String] = []
        try withLoop { loop in
            try loop.pair { server, client in
                loop.atEndOfTurn {
                    guard order.isEmpty else { return }
                    order.append("hook")
                    client.write([1, 2, 3])
                    #expect(client.pendingBytes == 3)
                    loop.afterFlush {
                        order.append("after flush")
                        #expect(client.pendingBytes == 0)
                        loop.afterFlush { order.append("next turn") }
                        loop.defer { loop.stop() }
                    }
                }
                server.onBytes = { bytes in
                    received += bytes.array
                    order.append("received")
                    return bytes.count
                }
            }
        }
        #expect(order.first == "hook")
        #expect(order.dropFirst().first == "after flush")
        #expect(order.contains("next turn"))
        #expect(received == [1, 2, 3])
    }

    @Test func `a removed hook is not run again`() throws {
        var count = 0
        try withLoop { loop in
            let hook = loop.atEndOfTurn { count += 1 }
            loop.defer {
                loop.removeHook(hook)
                loop.defer { loop.stop() }
            }
        }
        #expect(count == 0)
    }

    @Test func `many posts to a sleeping loop cost one system call`() throws {
        let (thread, order) = try LoopThread.start(name: "loop") { _ in Guarded<[Int]>([]) }
        let gate = try Gate(thread.waker)
        gate.waitUntilBusy()
        let before = thread.waker.systemCallCount
        for number in 0..<1_000 {
            thread.waker.post { order.withLock { $0.append(number) } }
        }
        #expect(thread.waker.systemCallCount == before)  // the loop is busy: none at all
        gate.open()
        thread.stop()
        thread.join()
        #expect(thread.waker.systemCallCount <= before + 1)
        #expect(order.withLock { $0 } == Array(0..<1_000))
    }

    @Test func `a wake costs a system call only when the loop sleeps`() throws {
        let waker = try Waker()
        waker.wake()
        waker.wake()
        #expect(waker.systemCallCount == 0)
        #expect(!waker.fallAsleep())  // it was woken meanwhile
        waker.beginTurn()
        #expect(waker.fallAsleep())
        waker.wake()
        waker.wake()
        #expect(waker.systemCallCount == 1)
    }

    @Test func `a loop that lingers is reached without a system call`() throws {
        let (thread, state) = try LoopThread.start(name: "loop") { loop in
            let state = Guarded((lingers: false, isDone: false))
            loop.defer {
                // Longer than the test could take: only what is posted can end it.
                loop.lingerOnce(nanoseconds: 60_000_000_000)
                state.withLock { $0.lingers = true }
            }
            return state
        }
        while !state.withLock({ $0.lingers }) { sched_yield() }
        usleep(20_000)  // A loop that does not linger is asleep by then.
        let before = thread.waker.systemCallCount
        thread.waker.post { state.withLock { $0.isDone = true } }
        #expect(thread.waker.systemCallCount == before)
        while !state.withLock({ $0.isDone }) { sched_yield() }
        thread.stop()
        thread.join()
    }

    @Test func `lingering ends for a timer that is due`() throws {
        var fired = false
        try withLoop { loop in
            loop.schedule(at: .now.advanced(byMilliseconds: 5)) {
                fired = true
                loop.stop()
            }
            loop.lingerOnce(nanoseconds: 600_000_000_000)
        }
        #expect(fired)
    }

    @Test func `a loop with nothing to do does not go round`() throws {
        var turns = 0
        try withLoop { loop in
            loop.defer {
                turns = loop.turnCount
                loop.schedule(at: .now.advanced(byMilliseconds: 30)) {
                    turns = loop.turnCount - turns
                    loop.stop()
                }
            }
        }
        #expect(turns == 1)
    }

    @Test func `jobs posted by many threads all arrive, each thread's in order`() throws {
        let (thread, seen) = try LoopThread.start(name: "loop") { _ in
            Guarded<[[Int]]>(Array(repeating: [], count: 4))
        }
        let threads = try (0..<4).map { number in
            try SystemThread(name: "poster") {
                for value in 0..<2_000 {
                    thread.waker.post { seen.withLock { $0[number].append(value) } }
                }
            }
        }
        for thread in threads { thread.join() }
        thread.stop()
        thread.join()
        #expect(seen.withLock { $0 } == Array(repeating: Array(0..<2_000), count: 4))
        #expect(!thread.waker.post {})
    }

    @Test func `what is bound to a loop is released on its thread`() throws {
        final class Witness {
            let thread: EventLoop
            let released: Guarded<Bool?>
            init(_ loop: EventLoop, _ released: Guarded<Bool?>) {
                thread = loop
                self.released = released
            }
            deinit {
                let isOnLoopThread = thread.isOnLoopThread
                released.withLock { $0 = isOnLoopThread }
            }
        }
        let released = Guarded<Bool?>(nil)
        do {
            let (thread, bound) = try LoopThread.start(name: "loop") { loop in
                LoopBound(Witness(loop, released), on: loop)
            }
            _ = bound
            thread.waker.post { #expect(bound.value.thread.isOnLoopThread) }
            thread.stop()
            thread.join()
        }
        let (thread, box) = try LoopThread.start(name: "loop") { loop in
            Guarded<LoopBound<Witness>?>(LoopBound(Witness(loop, released), on: loop))
        }
        released.withLock { $0 = nil }
        box.withLock { $0 = nil }
        thread.stop()
        thread.join()
        #expect(released.withLock { $0 } == true)
    }

    @Test func `an error while a loop's thread is set up comes back to its starter`() throws {
        #expect(throws: SystemError.self) {
            _ = try LoopThread.start(name: "loop") { _ -> Int in
                throw SystemError("open", "nothing", code: 2)
            }
        }
    }
}

/// Holds a loop up inside a job until it is opened.
struct Gate {
    private let entered: BlockingQueue<Bool>
    private let opened: BlockingQueue<Bool>

    init(_ waker: Waker) throws {
        let entered = BlockingQueue<Bool>()
        let opened = BlockingQueue<Bool>()
        self.entered = entered
        self.opened = opened
        waker.post {
            _ = entered.append(true)
            _ = opened.takeAll()
        }
    }

    func waitUntilBusy() { _ = entered.takeAll() }
    func open() { _ = opened.append(true) }
}
