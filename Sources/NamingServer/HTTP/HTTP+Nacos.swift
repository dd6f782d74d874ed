package import Nacos

// Between the words of HTTP and those of Nacos.

extension NacosCall {
    /// What a Nacos request is made of.
    /// - Throws: `NacosError` 400 when there are too many parameters.
    package init(_ request: HTTPRequest) throws(NacosError) {
        try self.init(
            method: request.method.rawValue, path: request.path, query: request.query,
            body: request.body, contentType: request.headers["content-type"])
    }
}

extension HTTPResponse {
    /// An answer as a v1 client expects it.
    package init(_ answer: NacosAnswer) {
        var headers = HTTPHeaders([("content-type", answer.contentType.rawValue)])
        if let authorization = answer.authorization {
            headers.append(name: "authorization", value: authorization)
        }
        self.init(status: answer.status, headers: headers, body: answer.body)
    }
}
