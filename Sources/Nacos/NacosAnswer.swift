/// What a v1 client gets back.
package struct NacosAnswer: Equatable, Sendable {
    package enum ContentType: String, Sendable {
        case text = "text/plain;charset=UTF-8"
        case json = "application/json;charset=UTF-8"
    }

    package var status: Int
    package var contentType: ContentType
    package var body: [UInt8]
    /// The value of the `Authorization` field after a login.
    package var authorization: String?

    /// An answer in plain text.
    package init(status: Int = 200, text: String) {
        self.status = status
        contentType = .text
        body = Array(text.utf8)
    }

    /// A refusal.
    package init(_ error: NacosError) {
        self.init(status: error.status, text: error.message)
    }

    /// An answer in JSON.
    init(_ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.object(write)
        status = 200
        contentType = .json
        body = writer.bytes
    }

    /// The answer to every write that succeeded. Python compares these two bytes.
    package static let ok = NacosAnswer(text: "ok")

    /// The answer to a probe for life or readiness.
    package static func health(isWell: Bool) -> NacosAnswer {
        isWell ? NacosAnswer(text: "OK") : NacosAnswer(status: 500, text: "not ready")
    }

    /// The answer to a login. Clients that have a user configured refuse to go on without it, also
    /// where nothing is checked; they log in again after nine tenths of the time.
    package static func loggedIn(
        username: String, token: String, secondsToLive: Int, isAdministrator: Bool
    ) -> NacosAnswer {
        var answer = NacosAnswer { json in
            json.member("accessToken", token)
            json.member("tokenTtl", secondsToLive)
            json.member("globalAdmin", isAdministrator)
            json.member("username", username)
        }
        answer.authorization = "Bearer \(token)"
        return answer
    }
}

/// What the server says about itself; clients take all but `UP` for a server to stay away from.
package enum ServerStatus: String, Sendable {
    case up = "UP"
    case down = "DOWN"
    case starting = "STARTING"
    case paused = "PAUSED"
    case writeOnly = "WRITE_ONLY"
    case readOnly = "READ_ONLY"
}
