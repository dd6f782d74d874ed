// The text that Prometheus scrapes, version 0.0.4 of its format: for each family a HELP and a TYPE
// line, then its samples, `name{label="value"} number`.

/// Writes metrics, family by family.
package struct MetricsText {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    /// A label and its value, in the order in which they shall stand.
    package typealias Labels = KeyValuePairs<String, String>

    /// The content type that belongs to the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Writes a family; `samples` adds its samples, and must add no other family.
    ///
    /// All samples of a name must stand together: call this once a name.
    package mutating func family(
        _ name: String, _ kind: Kind, _ help: String, samples: (inout Family) -> Void
    ) {
        write("# HELP \(name) \(escaped(help, quotes: false))\n")
        write("# TYPE \(name) \(kind.rawValue)\n")
        var family = Family(name: name, text: self)
        bytes = []  // the family holds them now; a second owner would make each append a copy
        samples(&family)
        self = family.text
    }

    /// Writes a family of one sample without labels.
    package mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        family(name, .gauge, help) { $0.sample(value) }
    }

    /// Writes a family of one sample without labels.
    package mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        family(name, .counter, help) { $0.sample(count: value) }
    }

    fileprivate mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// The samples of one name.
    package struct Family {
        fileprivate let name: String
        fileprivate var text: MetricsText

        /// Writes one sample.
        package mutating func sample(_ value: Double, _ labels: Labels = [:]) {
            write(name, labels, nil, number(value))
        }

        /// Writes one sample of a count, exactly.
        package mutating func sample(count: UInt64, _ labels: Labels = [:]) {
            write(name, labels, nil, "\(count)")
        }

        /// Writes all lines of a histogram; each bucket counts what the smaller ones hold too.
        package mutating func sample(_ histogram: Histogram, _ labels: Labels = [:]) {
            var total: UInt64 = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                total &+= count
                write("\(name)_bucket", labels, number(bound), "\(total)")
            }
            write("\(name)_bucket", labels, "+Inf", "\(histogram.count)")
            write("\(name)_sum", labels, nil, number(histogram.sum))
            write("\(name)_count", labels, nil, "\(histogram.count)")
        }

        private mutating func write(
            _ name: String, _ labels: Labels, _ bound: String?, _ value: String
        ) {
            text.write(name)
            var separator = "{"
            for (label, value) in labels {
                text.write("\(separator)\(label)=\"\(escaped(value, quotes: true))\"")
                separator = ","
            }
            if let bound {
                text.write("\(separator)le=\"\(bound)\"")
                separator = ","
            }
            if separator == "," { text.write("}") }
            text.write(" \(value)\n")
        }
    }
}

/// A number as Prometheus reads it: whole ones without a point.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if let whole = Int64(exactly: value) { return "\(whole)" }
    return "\(value)"
}

/// Text with the characters escaped that would end its line, or its quotes.
private func escaped(_ text: String, quotes: Bool) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\\"): result.append(contentsOf: #"\\"#.utf8)
        case 0x0a: result.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\"") where quotes: result.append(contentsOf: #"\""#.utf8)
        default: result.append(byte)
        }
    }
    return String(decoding: result, as: UTF8.self)
}
