internal import FoundationEssentials
internal import Naming

// JSON from clients, who write numbers as text and text as numbers, and null for nothing.

/// Decodes a value from JSON text; nil when the text is not what the type expects.
func decodeJSON<Value: Decodable>(_ type: Value.Type, from text: String) -> Value? {
    try? JSONDecoder().decode(type, from: Data(text.utf8))
}

/// Text that may come as a string, a number or a truth value; null is empty text.
struct LenientText: Decodable, Equatable, Sendable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let string = try? container.decode(String.self) {
            text = string
        } else if container.decodeNil() {
            text = ""
        } else if let truth = try? container.decode(Bool.self) {
            text = truth ? "true" : "false"
        } else if let number = try? container.decode(Int64.self) {
            text = "\(number)"
        } else {
            text = "\(try container.decode(Double.self))"
        }
    }
}

/// A number that may come as a string; null and empty text are no number.
struct LenientNumber: Decodable, Equatable, Sendable {
    let value: Double?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = nil
        } else if let number = try? container.decode(Double.self) {
            value = number
        } else {
            let text = trimmed(try container.decode(String.self))
            let number = Double(text)
            guard text.isEmpty || number?.isFinite == true else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not a number")
            }
            value = number
        }
    }
}

/// A truth value that may come as a word.
struct LenientBool: Decodable, Equatable, Sendable {
    let value: Bool?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = nil
        } else if let truth = try? container.decode(Bool.self) {
            value = truth
        } else {
            value = try container.decode(String.self).lowercased() == "true"
        }
    }
}

/// Metadata as clients send it: a JSON object of scalars, null for nothing.
func decodeMetadata(_ text: String) -> Metadata? {
    if text == "null" { return Metadata() }
    return decodeJSON([String: LenientText].self, from: text)
        .map { Metadata($0.mapValues(\.text)) }
}

/// Whether the text is a JSON object.
func isJSONObject(_ text: String) -> Bool {
    struct AnyValue: Decodable {
        init(from decoder: any Decoder) {}
    }
    return decodeJSON([String: AnyValue].self, from: text) != nil
}
