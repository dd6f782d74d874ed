internal import Glibc
internal import Testing

@testable internal import Platform

@Suite struct LineTests {
    private func readAll(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var text: [UInt8] = []
        while case let count = unsafe read(descriptor, &bytes, bytes.count), count > 0 {
            text += bytes[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `lines are written whole`() throws {
        let pipe = try Pipe()
        let writer = LineWriter(pipe.writeEnd.number, patienceMilliseconds: 20)
        writer.write("one")
        writer.write(String(repeating: "x", count: 10_000))
        let readEnd = pipe.takeReadEnd()
        #expect(readAll(readEnd.number) == "one\n\(String(repeating: "x", count: 10_000))\n")
    }

    @Test func `lines that nobody reads are dropped, counted and reported`() throws {
        let pipe = try Pipe()
        try pipe.readEnd.setNonBlocking()
        let writer = LineWriter(pipe.writeEnd.number, patienceMilliseconds: 1)
        let line = String(repeating: "x", count: 999)
        for _ in 0..<100 { writer.write(line) }
        let dropped = writer.droppedLines
        #expect(dropped > 0)
        let before = readAll(pipe.readEnd.number)
        #expect(before.split(separator: "\n").count == 100 - dropped)
        writer.write("again")
        #expect(readAll(pipe.readEnd.number) == "(\(dropped) lines were dropped here)\nagain\n")
        #expect(writer.droppedLines == 0)
    }

    @Test func `a line that was cut off does not run into the next`() throws {
        let pipe = try Pipe()
        try pipe.readEnd.setNonBlocking()
        let writer = LineWriter(pipe.writeEnd.number, patienceMilliseconds: 1)
        writer.write(String(repeating: "x", count: 1_000_000))
        let cut = readAll(pipe.readEnd.number)
        #expect(!cut.isEmpty && cut.allSatisfy { $0 == "x" })
        writer.write("next")
        #expect(readAll(pipe.readEnd.number) == "\n(1 lines were dropped here)\nnext\n")
    }

    @Test func `a reader that is gone ends nothing`() async {
        await #expect(processExitsWith: .success) {
            CurrentProcess.ignoreBrokenPipes()
            let pipe = try Pipe()
            let writeEnd = pipe.takeWriteEnd()  // closes the end for reading
            LineWriter(writeEnd.number, patienceMilliseconds: nil).write("nobody hears this")
            exit(0)
        }
    }

    @Test(arguments: 0..<10)
    func `lines come out the same however the bytes are cut`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        let text = "one\n\ntwo äöü\nthree"
        let bytes = Array(text.utf8)
        var splitter = LineSplitter()
        var lines: [String] = []
        var offset = 0
        while offset < bytes.count {
            let end = Int.random(in: offset...bytes.count, using: &random)
            splitter.append(bytes.span.extracting(offset..<end)) { lines.append($0) }
            offset = end
        }
        #expect(lines == ["one", "", "two äöü"])
        splitter.end { lines.append($0) }
        splitter.end { lines.append($0) }
        #expect(lines == ["one", "", "two äöü", "three"])
    }

    @Test func `an endless line is cut at the limit`() {
        var splitter = LineSplitter()
        var lengths: [Int] = []
        let bytes = [UInt8](repeating: 65, count: LineSplitter.maxLineBytes * 2 + 5)
        splitter.append(bytes.span) { lengths.append($0.utf8.count) }
        #expect(lengths == [LineSplitter.maxLineBytes, LineSplitter.maxLineBytes])
    }
}
