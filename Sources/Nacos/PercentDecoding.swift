/// Decodes `%XX` and `+` the way a form does; an escape that is none stays as it is.
func percentDecoded(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
        return String(decoding: bytes, as: UTF8.self)
    }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
        let byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "%"), bytes.endIndex - index >= 2,
            let high = hexDigit(bytes[index]), let low = hexDigit(bytes[index + 1])
        {
            decoded.append(high << 4 | low)
            index += 2
        } else {
            decoded.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// Text without white space at its ends.
func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
    var rest = Substring(text)
    while let first = rest.utf8.first, isBlank(first) { rest = Substring(rest.utf8.dropFirst()) }
    while let last = rest.utf8.last, isBlank(last) { rest = Substring(rest.utf8.dropLast()) }
    return String(rest)
}
