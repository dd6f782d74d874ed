internal import Glibc
internal import Testing

@testable internal import Platform

@Suite struct ProcessTests {
    private func run(
        _ script: String, then act: @escaping (ChildProcess, String) -> Void = { _, _ in }
    ) throws -> (lines: [String], status: ChildProcess.Status?) {
        var lines: [String] = []
        var status: ChildProcess.Status?
        try withLoop { loop in
            var child: ChildProcess?
            child = try ChildProcess(
                executable: "/bin/sh", arguments: ["-c", script],
                output: .lines { stream, line in
                    lines.append("\(stream): \(line)")
                    if let child { act(child, line) }
                }, on: loop
            ) {
                status = $0
                #expect(child?.status == $0)
                child?.signal(.kill)  // goes to nobody
                child = nil
                loop.stop()
            }
        }
        return (lines, status)
    }

    @Test func `a child's lines and exit code are seen, the last line without its end too`() throws
    {
        let (lines, status) = try run("echo one; echo two; echo bad >&2; printf rest; exit 3")
        #expect(
            lines.filter { $0.hasPrefix("output") } == [
                "output: one", "output: two", "output: rest",
            ])
        #expect(lines.filter { $0.hasPrefix("error") } == ["error: bad"])
        #expect(status == .code(3))
    }

    @Test func `all that a child wrote comes before its exit`() throws {
        let (lines, status) = try run("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done")
        #expect(lines == (0..<3_000).map { "output: \($0)" })
        #expect(status == .code(0))
    }

    @Test func `a signal reaches a child, whatever this process blocks`() throws {
        let (_, status) = try run("echo ready; exec sleep 1000") { child, _ in
            child.signal(.terminate)
        }
        #expect(status == .signal(SIGTERM))
    }

    @Test func `a grandchild that holds the outputs open does not hide the child's exit`() throws {
        let (lines, status) = try run("sleep 1000 & echo $!; exit 0")
        #expect(status == .code(0))
        let pid = try #require(lines.first?.split(separator: " ").last.flatMap { Int32($0) })
        #expect(kill(pid, SIGKILL) == 0)
    }

    @Test func `a grandchild that never stops writing does not hold the loop up`() throws {
        let (_, status) = try run("yes & exit 0")
        #expect(status == .code(0))
    }

    @Test func `a child inherits no descriptor but its three`() throws {
        try withDirectory { directory in
            let file = try File("\(directory)/open", .readWrite, create: .always)
            let (lines, _) = try run("ls -l /proc/self/fd | grep -c '\(directory)'")
            #expect(lines == ["output: 0"])
            withExtendedLifetime(file) {}
        }
    }

    @Test func `a program that is not there is an error`() throws {
        let loop = try EventLoop()
        let error = #expect(throws: SystemError.self) {
            _ = try ChildProcess(
                executable: "/nowhere/program", arguments: [], output: .inherited, on: loop
            ) { _ in }
        }
        #expect(error?.description == "cannot start /nowhere/program: No such file or directory")
    }

    @Test func `a process ends when the other end of its lifeline closes`() async {
        await #expect(processExitsWith: .exitCode(1)) {
            let pipe = try Pipe()
            let readEnd = pipe.takeReadEnd().release()  // closes the other end
            try CurrentProcess.exitWhenParentCloses(readEnd)
            while true { pause() }
        }
    }

    @Test func `a child's standard input ends when its parent is killed`() async throws {
        let directory = try Directory.makeTemporary(prefix: "muster-test")
        let path = "\(directory)/gone"
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            try withLoop { loop in
                _ = try ChildProcess(
                    executable: "/bin/sh", arguments: ["-c", "echo ready; cat; touch \(path)"],
                    output: .lines { _, _ in raise(SIGKILL) }, on: loop
                ) { _ in loop.stop() }
            }
        }
        let limit = MonotonicTime.now.advanced(byMilliseconds: 30_000)
        while !File.exists(path), MonotonicTime.now < limit { await Task.yield() }
        #expect(File.exists(path), "the child lives on")
        try Directory.removeTree(directory)
    }

    @Test func `a watched signal is a call on the loop`() async {
        await #expect(processExitsWith: .success) {
            var seen: [Signal] = []
            try withLoop { loop in
                let watch = try SignalWatch([.interrupt, .terminate], on: loop) { signal in
                    seen.append(signal)
                    if seen.count == 2 { loop.stop() }
                }
                raise(SIGTERM)
                raise(SIGINT)
                withExtendedLifetime(watch) {}
            }
            exit(Set(seen) == [.interrupt, .terminate] ? 0 : 1)
        }
    }

    @Test func `the executable's path is that of a file`() throws {
        let path = try CurrentProcess.executablePath()
        #expect(path.hasPrefix("/") && File.exists(path))
    }

    @Test func `the limit of open files can be raised to what is allowed`() throws {
        let limit = try OpenFileLimit.raise()
        #expect(try OpenFileLimit.read().current == limit)
    }
}
