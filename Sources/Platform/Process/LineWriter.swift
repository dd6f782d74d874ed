internal import Glibc

/// Writes lines to one of the process's outputs.
///
/// A log must not stop the node because nobody reads it: with a bounded patience a line for which the
/// reader makes no room is dropped, and how many were is said as soon as one fits again. A
/// reader that is gone is ignored; call `CurrentProcess.ignoreBrokenPipes` first.
///
/// Lines of up to 4,096 bytes from several threads never mix; longer ones may.
package final class LineWriter: Sendable {
    private struct Record {
        var droppedLines = 0
        /// A line was cut off in its middle: the next one starts on a fresh line.
        var isInsideLine = false
    }

    /// What the kernel writes to a pipe in one piece, and what fits when it calls a pipe writable.
    private static let pieceBytes = 4_096

    private let descriptor: Int32
    private let patienceMilliseconds: Int?
    private let record = Guarded(Record())

    /// Writes to the standard output, waiting for its reader as long as it takes.
    package static let output = LineWriter(1, patienceMilliseconds: nil)
    /// Writes to the standard error, waiting for its reader a little.
    package static let error = LineWriter(2, patienceMilliseconds: 20)

    /// Writes to a descriptor that stays open. A patience of nil waits for ever.
    package init(_ descriptor: Int32, patienceMilliseconds: Int?) {
        self.descriptor = descriptor
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// The number of lines dropped since the last one that was written.
    package var droppedLines: Int { record.withLock { $0.droppedLines } }

    /// Writes a line and a line feed.
    package func write(_ line: String) {
        let before = record.withLock { $0 }
        var bytes: [UInt8] = before.isInsideLine ? [UInt8(ascii: "\n")] : []
        if before.droppedLines > 0 {
            bytes.append(contentsOf: "(\(before.droppedLines) lines were dropped here)\n".utf8)
        }
        bytes.append(contentsOf: line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        // Once lines are being dropped the reader has had its chance: no further line waits.
        let written = write(
            bytes.span, patience: before.droppedLines > 0 ? 0 : patienceMilliseconds)
        record.withLock { record in
            if written == bytes.count {
                record.droppedLines -= before.droppedLines
                record.isInsideLine = false
            } else {
                record.droppedLines += 1
                if written > 0 { record.isInsideLine = true }
            }
        }
    }

    /// Writes as much as the patience allows; returns how much that was.
    private func write(_ bytes: Span<UInt8>, patience: Int?) -> Int {
        let deadline = patience.map { MonotonicTime.now.advanced(byMilliseconds: $0) }
        var written = 0
        while written < bytes.count {
            guard isWritable(until: deadline) else { break }
            let rest = bytes.extracting(written..<min(bytes.count, written + Self.pieceBytes))
            let result = callKernel {
                unsafe rest.withUnsafeBytes {
                    unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
            }
            switch result {
            case 0...: written += result
            case -Int(EAGAIN): continue  // another writer took the room
            default: return bytes.count  // the reader is gone, or the disk is full: nobody to tell
            }
        }
        return written
    }

    private func isWritable(until deadline: MonotonicTime?) -> Bool {
        var timeout: Int32 = -1
        if let deadline {
            let left = deadline.nanoseconds(since: .now)
            timeout = Int32(clamping: left / 1_000_000 + (left % 1_000_000 == 0 ? 0 : 1))
        }
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return callKernel { unsafe poll(&request, 1, timeout) } > 0
    }
}
