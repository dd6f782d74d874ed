internal import Glibc

/// A call to the kernel, or to the name resolver, that failed.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb: `open`, `listen on`.
    package let operation: String
    /// What it was tried on: a path, an address, a command.
    package let subject: String
    /// The `errno` code, or 0 where the failure has none.
    package let code: Int32
    /// The failure in words.
    package let text: String

    /// Describes a failure by its `errno` code.
    package init(_ operation: String, _ subject: String, code: Int32) {
        self.init(operation, subject, code: code, text: Self.text(of: code))
    }

    /// Describes a failure in words of its own.
    package init(_ operation: String, _ subject: String, code: Int32 = 0, text: String) {
        self.operation = operation
        self.subject = subject
        self.code = code
        self.text = text
    }

    /// One line: `cannot listen on 127.0.0.1:8848: the port is already in use`.
    package var description: String {
        "cannot \(operation)\(subject.isEmpty ? "" : " ")\(subject): \(text)"
    }

    private static func text(of code: Int32) -> String {
        switch code {
        case EADDRINUSE: "the port is already in use"
        case ETIMEDOUT: "timed out"
        default: unsafe String(cString: strerror(code))
        }
    }
}

/// Makes a system call, again while a signal interrupts it.
///
/// Returns what the call returned or, as the kernel itself does, the negative `errno` code: so the
/// code cannot be overwritten by anything that runs before it is looked at.
@inline(__always)
func callKernel<Number: SignedInteger>(_ call: () -> Number) -> Int {
    while true {
        let result = call()
        guard result < 0 else { return Int(result) }
        let code = errno
        guard code == EINTR else { return -Int(code) }
    }
}

/// As `callKernel`, with a failure turned into an error.
@inline(__always)
func callKernel<Number: SignedInteger>(
    _ operation: String, _ subject: @autoclosure () -> String, _ call: () -> Number
) throws(SystemError) -> Int {
    let result = callKernel(call)
    guard result >= 0 else { throw SystemError(operation, subject(), code: Int32(-result)) }
    return result
}

/// Stops the process when something that must hold does not.
@inline(__always)
func invariant(_ holds: Bool, _ message: @autoclosure () -> String) {
    guard holds else { fatalError("broken invariant: \(message())") }
}
