internal import CPlatform
internal import Glibc

/// An open file that is read and written at positions, so that several threads may use it at once.
///
/// Closed when nobody refers to it any more, and not before: a descriptor that is closed while
/// another thread syncs it could by then belong to another file.
package final class File: Sendable {
    package enum Access: Sendable { case readOnly, readWrite }

    package enum Creation: Sendable {
        /// The file must exist.
        case never
        /// An existing file is opened, a missing one is made.
        case ifMissing
        /// The file must not exist.
        case always
    }

    /// The path by which it was opened.
    package let path: String
    private let descriptor: OwnedDescriptor

    /// Opens a file; children do not inherit it.
    package init(
        _ path: String, _ access: Access, create: Creation = .never
    ) throws(SystemError) {
        var flags = O_CLOEXEC | (access == .readOnly ? O_RDONLY : O_RDWR)
        switch create {
        case .never: break
        case .ifMissing: flags |= O_CREAT
        case .always: flags |= O_CREAT | O_EXCL
        }
        let number = try callKernel("open", path) { unsafe open(path, flags, 0o644) }
        self.path = path
        descriptor = OwnedDescriptor(adopting: Int32(number))
    }

    /// The length in bytes.
    package func size() throws(SystemError) -> UInt64 {
        var status = stat()
        let number = descriptor.number
        _ = try callKernel("inspect", path) { unsafe fstat(number, &status) }
        return UInt64(clamping: status.st_size)
    }

    /// Reads up to `count` bytes; fewer only where the file ends.
    package func read(_ count: Int, at offset: UInt64) throws(SystemError) -> [UInt8] {
        let start = try position(offset)
        let size = try self.size()
        let available = size > offset ? Int(clamping: size - offset) : 0
        let wanted = max(0, min(count, available))  // nothing is allocated that cannot be filled
        return try bytes(wanted, at: start)
    }

    /// Reads up to `count` bytes from the start of a file whose length the kernel does not tell, as of those
    /// under `/proc`.
    package func readStart(_ count: Int) throws(SystemError) -> [UInt8] {
        try bytes(count, at: 0)
    }

    /// Reads so many bytes, fewer where there are no more.
    private func bytes(_ wanted: Int, at start: off_t) throws(SystemError) -> [UInt8] {
        var failure = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            let number = descriptor.number
            while filled < wanted {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                let place = start + off_t(filled)
                let result = callKernel {
                    unsafe pread(number, rest.baseAddress, rest.count, place)
                }
                guard result > 0 else {
                    failure = result
                    return
                }
                filled += result
            }
        }
        guard failure == 0 else { throw SystemError("read", path, code: Int32(-failure)) }
        return bytes
    }

    /// Writes all of `bytes`, or throws; after an error any part of them may have been written.
    package func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError) {
        var place = try position(offset)
        _ = try position(offset.addingReportingOverflow(UInt64(bytes.count)).partialValue)
        let number = descriptor.number
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written...)
            let result = try callKernel("write", path) {
                unsafe rest.withUnsafeBytes {
                    unsafe pwrite(number, $0.baseAddress, $0.count, place)
                }
            }
            guard result > 0 else { throw SystemError("write", path, code: EIO) }
            written += result
            place += off_t(result)
        }
    }

    /// Writes three runs of bytes one behind the other, or throws: in one system call unless the disk is full
    /// or a signal comes between.
    package func write(
        _ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>, at offset: UInt64
    ) throws(SystemError) {
        let place = try position(offset)
        let number = descriptor.number
        let written = try callKernel("write", path) {
            unsafe first.withUnsafeBytes { first in
                unsafe second.withUnsafeBytes { second in
                    unsafe third.withUnsafeBytes { third in
                        let parts = unsafe [Self.part(first), Self.part(second), Self.part(third)]
                        return unsafe pwritev(number, parts, Int32(parts.count), place)
                    }
                }
            }
        }
        var rest = Rest(skipped: written, place: offset)
        try write(first, after: &rest)
        try write(second, after: &rest)
        try write(third, after: &rest)
    }

    /// What is still to be written of several runs of bytes, of which the system has taken the first part.
    struct Rest {
        var skipped: Int
        var place: UInt64
    }

    /// Writes of the next run what has not been taken, which also says why it was not.
    func write(_ run: Span<UInt8>, after rest: inout Rest) throws(SystemError) {
        let taken = min(rest.skipped, run.count)
        try write(run.extracting(taken...), at: rest.place + UInt64(taken))
        rest.skipped -= taken
        rest.place += UInt64(run.count)
    }

    private static func part(_ bytes: UnsafeRawBufferPointer) -> iovec {
        unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    /// Cuts the file, or lengthens it with zeros that take no room yet.
    package func truncate(to size: UInt64) throws(SystemError) {
        let length = try position(size)
        let number = descriptor.number
        _ = try callKernel("resize", path) { ftruncate(number, length) }
    }

    /// Makes sure that there is room on the disk for `size` bytes; the file is at least that long then.
    /// What is new reads as zero.
    package func reserve(_ size: UInt64) throws(SystemError) {
        let length = try position(size)
        guard length > 0 else { return }
        let number = descriptor.number
        let result = callKernel { muster_reserve(number, 0, Int64(length)) }
        if result == -Int(EOPNOTSUPP) { return try prewrite(size) }
        guard result == 0 else { throw SystemError("reserve room for", path, code: Int32(-result)) }
    }

    /// Lengthens the file to `size` with zeros that are really written.
    ///
    /// Costs the writing once; syncing what is later written over them costs the disk's journal
    /// nothing, since neither the length nor the kind of any block changes any more.
    package func prewrite(_ size: UInt64) throws(SystemError) {
        let zeros = [UInt8](repeating: 0, count: 256 * 1024)
        var end = try self.size()
        while end < size {
            let count = Int(clamping: min(size - end, UInt64(zeros.count)))
            try write(zeros.span.extracting(first: count), at: end)
            end += UInt64(count)
        }
    }

    /// Waits until the contents, and the length if it has changed, are on the disk.
    ///
    /// After an error nothing in the file may be trusted, and syncing again would prove nothing.
    package func syncData() throws(SystemError) {
        let number = descriptor.number
        _ = try callKernel("sync", path) { fdatasync(number) }
    }

    /// Waits until the contents and all that the system knows about the file are on the disk.
    package func sync() throws(SystemError) {
        let number = descriptor.number
        _ = try callKernel("sync", path) { fsync(number) }
    }

    /// Whether the lock on the whole file could be taken; it is given back when the file is closed.
    func tryLock() throws(SystemError) -> Bool {
        let number = descriptor.number
        let result = callKernel { flock(number, LOCK_EX | LOCK_NB) }
        guard result < 0 else { return true }
        guard result == -Int(EWOULDBLOCK) else {
            throw SystemError("lock", path, code: Int32(-result))
        }
        return false
    }

    private func position(_ offset: UInt64) throws(SystemError) -> off_t {
        guard let position = off_t(exactly: offset) else {
            throw SystemError("use", path, code: EFBIG)
        }
        return position
    }

    // MARK: Names

    /// Gives a file another name, in place of a file that has it; durable once the directory is synced.
    package static func rename(_ path: String, to newPath: String) throws(SystemError) {
        _ = try callKernel("rename", path) { unsafe Glibc.rename(path, newPath) }
    }

    /// Removes a file's name; durable once the directory is synced.
    package static func remove(_ path: String) throws(SystemError) {
        _ = try callKernel("remove", path) { unsafe unlink(path) }
    }

    /// Whether there is something by that name.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
