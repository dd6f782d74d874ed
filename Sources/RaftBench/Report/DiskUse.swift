/// What this process has made the system write to disks: whole pages, as `/proc/self/io` counts them.
///
/// A page that is changed again before it has left counts once, and the journal of the file system not at all.
struct DiskUse {
    let bytes: UInt64

    /// Looks at it now. Where there is no such file nothing is ever written.
    init() {
        let line = BenchHeading.text("/proc/self/io").split(separator: "\n")
            .first { $0.hasPrefix("write_bytes: ") }
        bytes = line.flatMap { UInt64($0.dropFirst(13)) } ?? 0
    }
}

extension BenchRow.Metric {
    /// Bytes that an entry takes at each node.
    static func bytes(_ name: String, each value: Double) -> Self {
        Self(name: name, unit: "bytes", value: value)
    }
}
