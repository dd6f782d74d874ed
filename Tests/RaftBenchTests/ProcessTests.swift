internal import Glibc
internal import Platform
internal import Testing

@testable internal import RaftBench

@Suite struct `Nodes as processes` {
    @Test func `end with the bench, and leave nothing, however it ends`() throws {
        let loop = try EventLoop()
        var said: [String] = []
        var status: ChildProcess.Status?
        let bench = try ChildProcess(
            executable: try TestProgram.path(),
            arguments: [
                "bench", "commit", "--stage", "d", "--outstanding", "1", "--seconds", "600",
            ], output: .lines { said.append($1) }, on: loop
        ) {
            status = $0
            loop.stop()
        }
        var children: [Int32] = []
        var directory = ""
        func killWhenAllRun() {
            children = Self.children(of: bench.pid)
            let cleaner = children.map(Self.words).first { $0.contains(NodeProcess.cleanerName) }
            directory = cleaner?.last ?? ""
            let isRunning = (1...3).allSatisfy { Directory.isDirectory("\(directory)/\($0)/log") }
            guard children.count == 4, isRunning else {
                let next = MonotonicTime.now.advanced(byMilliseconds: 10)
                loop.schedule(at: next) { killWhenAllRun() }
                return
            }
            // One that is stopped cannot notice anything by itself.
            let first = children.first { Self.words(of: $0).dropFirst(2).first == "1" }
            if let first { kill(first, SIGSTOP) }
            bench.signal(.kill)
        }
        killWhenAllRun()
        loop.run()
        #expect(status == .signal(SIGKILL), "\(said)")
        var isRunning = true
        let limit = MonotonicTime.now.advanced(byMilliseconds: 60_000)
        while isRunning, MonotonicTime.now < limit {
            usleep(10_000)
            isRunning = children.contains { !Self.words(of: $0).isEmpty }
        }
        #expect(!isRunning)
        #expect(!directory.isEmpty && !Directory.isDirectory(directory))
    }

    @Test(arguments: FailoverBench.Fault.allCases)
    func `commit again after their leader is gone`(fault: FailoverBench.Fault) throws {
        var bench = FailoverBench()
        bench.faults = [fault]
        bench.electionMilliseconds = [400]
        bench.kills = 2
        bench.executable = try TestProgram.path()
        var story: [String] = []
        bench.trace = { story.append($0) }
        var lines: [String] = []
        try bench.run(BenchReport(asJSON: true, settings: "test") { lines.append($0) })
        #expect(lines.count == 2)
        #expect(lines.last?.contains(#""name":"fault","value":"\#(fault.rawValue)""#) == true)
        #expect(story.count { $0.hasSuffix(": committed") } == 2)
        #expect(story.contains { $0.hasPrefix("2: ") && $0.contains(" leader, term ") })
    }

    /// Those that any thread of it has started.
    private static func children(of pid: Int32) -> [Int32] {
        let threads = (try? Directory.list("/proc/\(pid)/task")) ?? []
        return threads.flatMap { thread in
            BenchHeading.text("/proc/\(pid)/task/\(thread)/children").split(separator: " ")
                .compactMap { Int32($0) }
        }
    }

    /// The words with which a process was started; none when it is gone.
    private static func words(of pid: Int32) -> [String] {
        BenchHeading.text("/proc/\(pid)/cmdline").split(separator: "\0").map(String.init)
    }
}
