internal import Glibc

/// How many descriptors the process may have open.
package enum OpenFileLimit {
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// The limit in force and the largest that the process may set.
    package static func read() throws(SystemError) -> (current: Int, largest: Int) {
        var limit = rlimit()
        _ = try callKernel("read", "the limit of open files") {
            unsafe getrlimit(openFiles, &limit)
        }
        return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }

    /// Sets the limit in force.
    package static func set(_ count: Int) throws(SystemError) {
        let largest = try read().largest
        var limit = rlimit(rlim_cur: rlim_t(max(0, count)), rlim_max: rlim_t(largest))
        _ = try callKernel("set", "the limit of open files") { unsafe setrlimit(openFiles, &limit) }
    }

    /// Sets the limit in force to the largest that is allowed, since a server holds a descriptor for each
    /// client; returns it.
    @discardableResult
    package static func raise() throws(SystemError) -> Int {
        let limit = try read()
        if limit.current < limit.largest { try set(limit.largest) }
        return limit.largest
    }
}
