internal import Glibc

/// The calls that concern directories.
package enum Directory {
    /// Makes a directory, and those above it, if they are missing.
    package static func create(_ path: String) throws(SystemError) {
        guard !isDirectory(path) else { return }
        let parent = parent(of: path)
        if !parent.isEmpty, parent != path { try create(parent) }
        let result = callKernel { unsafe mkdir(path, 0o755) }
        guard result == 0 || isDirectory(path) else {  // somebody else may have been faster
            throw SystemError("make directory", path, code: Int32(-result))
        }
    }

    /// Whether there is a directory by that name.
    package static func isDirectory(_ path: String) -> Bool {
        var status = Glibc.stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The directory that a path is in: `/a` for `/a/b`, nothing for `b`.
    package static func parent(of path: String) -> String {
        let trimmed = path.utf8.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return "" }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The names in a directory, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(path) else {
            throw SystemError("list", path, code: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        let code = errno
        guard code == 0 else { throw SystemError("list", path, code: code) }
        return names.sorted()
    }

    /// Waits until the names in a directory are on the disk: what was created, renamed, removed.
    package static func sync(_ path: String) throws(SystemError) {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        let number = try callKernel("open", path) { unsafe open(path, flags) }
        let directory = OwnedDescriptor(adopting: Int32(number))
        let descriptor = directory.number
        _ = try callKernel("sync", path) { fsync(descriptor) }
    }

    /// Removes a directory and all that is in it. Links are removed, not followed.
    package static func removeTree(_ path: String) throws(SystemError) {
        for name in try list(path) {
            let entry = "\(path)/\(name)"
            var status = Glibc.stat()
            _ = try callKernel("inspect", entry) { unsafe lstat(entry, &status) }
            if status.st_mode & S_IFMT == S_IFDIR {
                try removeTree(entry)
            } else {
                try File.remove(entry)
            }
        }
        try remove(path)
    }

    /// Removes a directory that is empty.
    package static func remove(_ path: String) throws(SystemError) {
        _ = try callKernel("remove directory", path) { unsafe rmdir(path) }
    }

    /// Makes a new directory, readable by its owner only, in the place for temporary files.
    package static func makeTemporary(prefix: String) throws(SystemError) -> String {
        let base = CurrentProcess.environment("TMPDIR") ?? "/tmp"
        var random = SystemRandom()
        let path = "\(base)/\(prefix)-\(String(random.next(), radix: 36))"
        _ = try callKernel("make directory", path) { unsafe mkdir(path, 0o700) }
        return path
    }

    /// The bytes that this process may still write to the file system that holds `path`.
    package static func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
        var status = Glibc.statvfs()
        _ = try callKernel("inspect", path) { unsafe statvfs(path, &status) }
        let (bytes, overflow) = UInt64(status.f_bavail)
            .multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : bytes
    }
}
