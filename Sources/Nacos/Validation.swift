internal import Naming

// What a name, an address and a number may be. The limits are those of a 2.x server, and the
// texts say which field is wrong.

func checkNamespaceID(_ text: String) throws(NacosError) {
    try checkLength(text, "namespaceId", limit: Limits.maxNamespaceBytes)
    try checkCharacters(text, "namespaceId") { isWordByte($0) || $0 == UInt8(ascii: "-") }
}

func checkGroupName(_ text: String) throws(NacosError) {
    try checkLength(text, "groupName", limit: Limits.maxGroupBytes)
    try checkCharacters(text, "groupName") {
        isWordByte($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":")
            || $0 == UInt8(ascii: ".")
    }
}

func checkServiceName(_ text: String) throws(NacosError) {
    try checkLength(text, "serviceName", limit: Limits.maxServiceNameBytes)
    guard text.utf8.first != UInt8(ascii: "@"), !text.utf8.contains(doubleAt: ()) else {
        throw .illegal("serviceName", illegalCharacters)
    }
    try checkNoBlanksOrIdeographs(text, "serviceName")
}

/// Checks the cluster a question names; what registers is checked more strictly.
func checkClusterName(_ text: String) throws(NacosError) {
    try checkLength(text, "clusterName", limit: Limits.maxClusterNameBytes)
    try checkCharacters(text, "clusterName") { isWordByte($0) || $0 == UInt8(ascii: "-") }
}

/// Checks the cluster an instance registers in.
func checkRegisteredClusterName(_ text: String) throws(NacosError) {
    try checkClusterName(text)
    guard !text.utf8.contains(UInt8(ascii: "_")) else {
        throw NacosError(
            400,
            "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: \(text))")
    }
}

/// Host names and IPv6 addresses are as good as IPv4 addresses.
func checkIP(_ text: String) throws(NacosError) {
    try checkLength(text, "ip", limit: Limits.maxIPBytes)
    try checkNoBlanksOrIdeographs(text, "ip")
}

// MARK: Characters

private let illegalCharacters = "illegal characters should not appear in the param."

private func checkLength(_ text: String, _ field: String, limit: Int) throws(NacosError) {
    guard text.utf8.count <= limit else {
        throw .illegal(field, "the param length should not exceed \(limit).")
    }
}

private func checkCharacters(
    _ text: String, _ field: String, _ isLegal: (UInt8) -> Bool
) throws(NacosError) {
    guard text.utf8.allSatisfy(isLegal) else { throw .illegal(field, illegalCharacters) }
}

private func checkNoBlanksOrIdeographs(_ text: String, _ field: String) throws(NacosError) {
    let isIllegal = { (scalar: Unicode.Scalar) in
        scalar.properties.isWhitespace || scalar.value < 0x20 || scalar.value == 0x7f
            || (0x4e00...0x9fa5).contains(scalar.value)
    }
    guard !text.unicodeScalars.contains(where: isIllegal) else {
        throw .illegal(field, illegalCharacters)
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
    default: false
    }
}
