internal import Nacos
internal import Testing

@testable internal import NamingServer

@Suite struct `Nacos over HTTP` {
    @Test func `a Go beat goes from bytes to a request`() throws {
        let request = try #require(requests(in: outputs(of: goBeat)).first)
        let error = #expect(throws: NacosError.self) { try NacosRequest(NacosCall(request)) }
        #expect(error == NacosError(400, "Param 'ip' is required."))
    }

    @Test func `a body that says it is no form is not taken for one`() throws {
        let text =
            "POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            + "Content-Length: 13\r\n\r\nserviceName=a"
        let request = try #require(requests(in: outputs(of: text)).first)
        #expect(try NacosCall(request).parameters.text("serviceName") == nil)
    }

    @Test func `a login's token goes into a field`() {
        let answer = NacosAnswer.loggedIn(
            username: "u", token: "t", secondsToLive: 1, isAdministrator: false)
        let response = HTTPResponse(answer)
        #expect(response.headers["authorization"] == "Bearer t")
        #expect(response.headers["content-type"] == "application/json;charset=UTF-8")
    }
}
