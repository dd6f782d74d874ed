internal import Platform
internal import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:8848", "127.0.0.1", 8848), ("localhost:0", "localhost", 0),
        ("[::1]:65535", "::1", 65535), ("*:80", "*", 80),
        ("my-host_1.example:1", "my-host_1.example", 1),
    ])
    func `an address is read and printed as it was written`(
        text: String, host: String, port: UInt16
    ) throws {
        let address = try Address(parsing: text)
        #expect(address == Address(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(arguments: [
        ("", "the port is missing; write HOST:PORT"),
        ("8848", "the port is missing; write HOST:PORT"),
        ("host:", "the port must be a number from 0 to 65535"),
        ("host:65536", "the port must be a number from 0 to 65535"),
        ("host:-1", "the port must be a number from 0 to 65535"),
        ("host:+1", "the port must be a number from 0 to 65535"),
        (":80", "the host is missing"), ("[]:80", "the host has a character that no host has"),
        ("::1:80", "an IPv6 address stands in brackets: [::1]:8848"),
        ("a b:80", "the host has a character that no host has"),
        ("http://host:80", "an IPv6 address stands in brackets: [::1]:8848"),
    ])
    func `a bad address is refused with its reason`(text: String, reason: String) {
        let error = #expect(throws: AddressError.self) { _ = try Address(parsing: text) }
        #expect(error?.reason == reason)
    }

    @Test func `a host that is too long is refused`() {
        let text = String(repeating: "a", count: 254) + ":1"
        #expect(throws: AddressError.self) { _ = try Address(parsing: text) }
    }
}
