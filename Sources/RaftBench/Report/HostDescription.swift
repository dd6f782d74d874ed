internal import Platform

extension BenchHeading {
    /// Looks at the machine: what the kernel tells of it, and no name of it.
    init(settings: String) {
        self.settings = settings
        let processors = Self.text("/proc/cpuinfo").split(separator: "\n")
        let model = processors.first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":").last }
        machine =
            model.map { $0.split(separator: " ").joined(separator: " ") } ?? "unknown processor"
        cores = max(1, processors.count { $0.hasPrefix("processor") })
        kernel = "Linux " + Self.text("/proc/sys/kernel/osrelease").prefix { !$0.isNewline }
    }

    /// A small file of the kernel's, or nothing.
    static func text(_ path: String) -> String {
        guard let file = try? File(path, .readOnly), let bytes = try? file.readStart(1 << 20)
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
