internal import CPlatform
internal import Glibc

/// An open descriptor that is closed exactly once.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number. Valid only while its owner lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(adopting number: Int32) { self.number = number }

    /// Hands the descriptor over to somebody who closes it.
    package consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    deinit { _ = close(number) }  // Linux closes it even when it reports an error: never call twice

    /// Makes reading and writing return at once when there is nothing to do.
    package borrowing func setNonBlocking() throws(SystemError) {
        let descriptor = number
        let flags = try callKernel("inspect", "a descriptor") { fcntl(descriptor, F_GETFL) }
        _ = try callKernel("change", "a descriptor") {
            fcntl(descriptor, F_SETFL, Int32(flags) | O_NONBLOCK)
        }
    }
}

/// The two ends of a pipe; children do not inherit them.
package struct Pipe: ~Copyable, Sendable {
    package private(set) var readEnd: OwnedDescriptor
    package private(set) var writeEnd: OwnedDescriptor

    /// Makes a pipe.
    package init() throws(SystemError) {
        var ends: (read: Int32, write: Int32) = (-1, -1)
        _ = try callKernel("make", "a pipe") { unsafe muster_pipe(&ends.read, &ends.write) }
        readEnd = OwnedDescriptor(adopting: ends.read)
        writeEnd = OwnedDescriptor(adopting: ends.write)
    }

    /// Closes the end for writing and hands the other one over.
    package consuming func takeReadEnd() -> OwnedDescriptor { readEnd }

    /// Closes the end for reading and hands the other one over.
    package consuming func takeWriteEnd() -> OwnedDescriptor { writeEnd }
}
