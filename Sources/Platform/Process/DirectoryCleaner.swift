/// Removes what a process and its children have left in a directory, once they are gone.
///
/// A process of its own, since nobody can tidy up after his own kill -9. Its standard input is a pipe
/// that ends with its parent, as `ChildProcess` makes it.
package final class DirectoryCleaner {
    private static let maxAttempts = 60
    private static let pauseMilliseconds = 50

    private let directory: String
    private let loop: EventLoop
    private var input: Registration?
    private var attempts = 0
    private var failure: SystemError?

    /// Waits for the end of the parent and removes the directory; gives the exit status.
    package static func run(_ directory: String) throws -> Int32 {
        let cleaner = DirectoryCleaner(directory, try EventLoop())
        try cleaner.watchInput()
        cleaner.loop.run()
        if let failure = cleaner.failure { throw failure }
        return 0
    }

    private init(_ directory: String, _ loop: EventLoop) {
        self.directory = directory
        self.loop = loop
    }

    private func watchInput() throws(SystemError) {
        input = try loop.register(0, .readable) { [self] readiness in
            // Nothing is ever written to the pipe: it is silent, and then it has ended.
            guard !readiness.isDisjoint(with: [.hungUp, .broken]), let input else { return }
            loop.deregister(input)
            attempt()
        }
    }

    /// Tries until it works, and looks again for a while: other children end for the same reason, but one
    /// that is just starting may still make its directory.
    private func attempt() {
        guard Directory.isDirectory(directory) else {
            return attempts == 0 ? loop.stop() : attemptLater()
        }
        do throws(SystemError) {
            try Directory.removeTree(directory)
            failure = nil
        } catch {
            failure = error
        }
        attemptLater()
    }

    private func attemptLater() {
        attempts += 1
        guard attempts < Self.maxAttempts else { return loop.stop() }
        let next = MonotonicTime.now.advanced(byMilliseconds: Self.pauseMilliseconds)
        loop.schedule(at: next) { [self] in attempt() }
    }
}
