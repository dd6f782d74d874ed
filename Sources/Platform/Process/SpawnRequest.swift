internal import CPlatform
internal import Glibc

/// What a child process is to be started with.
struct SpawnRequest {
    /// The descriptors that become the child's standard input, output and error; it gets no others.
    var input: Int32
    var output: Int32 = 1
    var error: Int32 = 2

    init(input: Int32) { self.input = input }

    /// Starts the program and returns the child's number.
    func run(_ executable: String, _ arguments: [String]) throws(SystemError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, error, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        setSignals(of: &attributes)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)

        var child = pid_t()
        let code = unsafe withArguments([executable] + arguments) { list in
            unsafe posix_spawn(&child, executable, &actions, &attributes, list, environ)
        }
        guard code == 0 else { throw SystemError("start", executable, code: code) }
        return child
    }

    /// The child starts with no signal blocked and none ignored, whatever this process does.
    private func setSignals(of attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var standard = none
        for signal in [SIGHUP, SIGINT, SIGPIPE, SIGTERM] { unsafe sigaddset(&standard, signal) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &standard)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// Hands the texts over as the list of C strings that the kernel wants.
    private func withArguments(
        _ arguments: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
    ) -> Int32 {
        let list = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        return unsafe body(list)
    }
}
