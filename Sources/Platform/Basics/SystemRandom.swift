internal import CPlatform

/// Random numbers from the kernel, fit for identities and secrets.
package struct SystemRandom: RandomNumberGenerator, Sendable {
    package init() {}

    /// Eight random bytes as a number.
    package mutating func next() -> UInt64 {
        Self.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Random bytes. The kernel has as many as anybody asks for once the machine is up.
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                let result = callKernel {
                    unsafe muster_random(rest.baseAddress, UInt64(rest.count))
                }
                invariant(result > 0, "the kernel gives no random bytes (errno \(-result))")
                filled += result
            }
        }
    }
}
