// What a client asks for, gathered from the query and from a form body. Every client splits its
// parameters differently between the two, for every method, so the server merges them.
//
// The Go SDK writes the bodies of PUT without encoding them: `serviceName=a@@b&beat={"x":"1+1"}`.
// A value of a body that starts with a bare brace is such a one (an encoded brace is `%7B`): it
// reaches to its closing brace, `&` or not, and is taken literally.

/// The parameters of one request, in the order they came.
package struct Parameters: Equatable, Sendable {
    struct Field: Equatable, Sendable {
        var name: String
        var value: String
        /// The text before decoding, where it differs.
        var undecoded: String?
    }

    /// The most parameters a request may carry.
    package static let maximumCount = 512

    private(set) var fields: [Field] = []

    package init() {}

    /// Reads a query without its `?` and, behind it, a form body; the first of a name counts.
    /// - Throws: `NacosError` 400 when there are more than `maximumCount`.
    package init(query: String, form: [UInt8] = []) throws(NacosError) {
        try read(Array(query.utf8), isBody: false)
        try read(form, isBody: true)
    }

    private mutating func read(_ bytes: [UInt8], isBody: Bool) throws(NacosError) {
        var start = 0
        while start < bytes.count {
            let end = Self.endOfField(in: bytes, from: start)
            if end > start { try append(bytes[start..<end], isBody: isBody) }
            start = end + 1
        }
    }

    private mutating func append(_ field: ArraySlice<UInt8>, isBody: Bool) throws(NacosError) {
        guard fields.count < Self.maximumCount else {
            throw NacosError(400, "more than \(Self.maximumCount) parameters")
        }
        let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
        let value = field[equals...].dropFirst()
        let isLiteral = isBody && isBareJSON(value)
        let decoded = isLiteral ? String(decoding: value, as: UTF8.self) : percentDecoded(value)
        let raw = isLiteral ? nil : String(decoding: value, as: UTF8.self)
        fields.append(
            Field(
                name: percentDecoded(field[..<equals]), value: decoded,
                undecoded: raw == decoded ? nil : raw))
    }

    /// The end of the field that starts at `start`: the next `&` that is no part of bare JSON.
    private static func endOfField(in bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "&") {
            if bytes[index] == UInt8(ascii: "=") {
                if let end = endOfBareJSON(in: bytes[(index + 1)...]) { return end }
                break
            }
            index += 1
        }
        return bytes[index...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
    }
}

/// The longest bare JSON that is looked for; keeps the search linear in what is sent.
private let maximumBareJSONBytes = 64 * 1024

/// Where bare JSON at the start of `bytes` ends, if an `&` or the end of all follows it.
private func endOfBareJSON(in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "[") else { return nil }
    var scanner = BracketScanner()
    for index in bytes.indices.prefix(maximumBareJSONBytes) {
        scanner.take(bytes[index])
        guard scanner.isClosed else { continue }
        let end = index + 1
        return end == bytes.endIndex || bytes[end] == UInt8(ascii: "&") ? end : nil
    }
    return nil
}

private func isBareJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
    endOfBareJSON(in: bytes) == bytes.endIndex
}

/// Counts brackets outside of strings.
private struct BracketScanner {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    var isClosed: Bool { depth == 0 && !isInString }

    mutating func take(_ byte: UInt8) {
        switch byte {
        case _ where isEscaped: isEscaped = false
        case UInt8(ascii: "\\") where isInString: isEscaped = true
        case UInt8(ascii: "\""): isInString.toggle()
        case _ where isInString: break
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
    }
}
