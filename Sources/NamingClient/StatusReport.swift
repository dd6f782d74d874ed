internal import Nacos
package import Platform

/// How a cluster is, as text for whoever asked.
package struct StatusReport: Equatable, Sendable {
    /// A table for people, one line a node.
    package let table: String
    /// The same as one line of JSON for programs.
    package let json: String
    /// The node that leads, if one does.
    package let leader: UInt64?

    /// Asks the members of the cluster to which `server` belongs, and waits for their answers.
    package static func query(
        server: Address, timeoutMilliseconds: Int
    ) throws -> StatusReport {
        let status = try StatusQuery.run(
            server: server, timeoutMilliseconds: timeoutMilliseconds)
        return try StatusReport(status)
    }

    private init(_ status: ClusterStatus) throws {
        table = status.table
        json = String(decoding: try JSONText.encode(status), as: UTF8.self)
        leader = status.leader
    }

    /// Asks one node which node leads; nil when it knows none, or does not answer in time.
    ///
    /// `completion` runs once, on the loop.
    package static func askForLeader(
        _ server: Address, on loop: EventLoop, timeoutMilliseconds: Int,
        completion: @escaping (UInt64?) -> Void
    ) {
        let query = StatusQuery(loop, timeoutMilliseconds)
        query.ask(server) { answer in completion((try? answer.get())?.leader) }
    }
}
