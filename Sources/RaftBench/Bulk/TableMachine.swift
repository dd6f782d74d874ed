internal import RaftRuntime
internal import Wire

/// A large state of which each command changes a little: a table of values of one size, full from the beginning.
///
/// It is kept in pages, and those in chapters, each shared with an image until it is written to: so an image costs no
/// copy of the state, and a command behind it those of one page and one chapter's list.
struct TableMachine: StateMachine {
    static let valueBytes = 256
    private static let pageValues = 16
    private static let chapterPages = 256
    private static var pageBytes: Int { pageValues * valueBytes }

    private var chapters: [[[UInt8]]] = []
    private var pageCount = 0
    private(set) var commands: UInt64 = 0

    /// - Parameter values: How many there are, rounded up to whole pages.
    init(values: Int) {
        for number in 0..<(values + Self.pageValues - 1) / Self.pageValues {
            append([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Self.pageBytes))
        }
    }

    private mutating func append(_ page: [UInt8]) {
        if pageCount % Self.chapterPages == 0 { chapters.append([]) }
        chapters[chapters.count - 1].append(page)
        pageCount += 1
    }

    /// The first eight bytes are a key; the rest, as far as there is room, becomes its value.
    mutating func apply(_ command: Span<UInt8>, at position: LogPosition) throws -> UInt64 {
        var offset = 0
        let key = try command.readUInt64(at: &offset) % UInt64(max(1, pageCount * Self.pageValues))
        let (page, place) = Int(key).quotientAndRemainder(dividingBy: Self.pageValues)
        let (chapter, number) = page.quotientAndRemainder(dividingBy: Self.chapterPages)
        let count = min(command.count - offset, Self.valueBytes)
        // Out of the list while it is written to.
        var bytes: [UInt8] = []
        swap(&bytes, &chapters[chapter][number])
        for i in 0..<count { bytes[place * Self.valueBytes + i] = command[offset + i] }
        swap(&bytes, &chapters[chapter][number])
        commands += 1
        return commands
    }

    func image() -> Image { Image(machine: self) }

    mutating func restore(_ image: Image) { self = image.machine }

    struct Image: SnapshotImage {
        fileprivate let machine: TableMachine

        func write(to emit: ([UInt8]) throws -> Void) throws {
            var head: [UInt8] = []
            head.write(machine.commands)
            head.write(UInt64(machine.pageCount))
            try emit(head)
            var piece: [UInt8] = []
            for chapter in machine.chapters {
                piece.removeAll(keepingCapacity: true)
                for page in chapter { piece.write(page.span) }
                try emit(piece)
            }
        }

        fileprivate init(machine: TableMachine) { self.machine = machine }

        init(reading bytes: Span<UInt8>) throws {
            var offset = 0
            var machine = TableMachine(values: 0)
            machine.commands = try bytes.readUInt64(at: &offset)
            let count = Int(clamping: try bytes.readUInt64(at: &offset))
            let pageBytes = TableMachine.pageBytes
            guard bytes.count - offset == count.multipliedReportingOverflow(by: pageBytes).0 else {
                throw BenchError("a table of \(count) pages in \(bytes.count) bytes")
            }
            for _ in 0..<count {
                var page: [UInt8] = []
                page.reserveCapacity(pageBytes)
                page.write(bytes.extracting(offset..<offset + pageBytes))
                machine.append(page)
                offset += pageBytes
            }
            self.machine = machine
        }
    }
}
