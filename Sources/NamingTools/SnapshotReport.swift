internal import Nacos
internal import Naming
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage
internal import Wire

/// What a snapshot of the registry holds, as text for whoever asked.
package struct SnapshotReport: Equatable, Sendable {
    /// A page for people.
    package let text: String
    /// The same as one line of JSON for programs.
    package let json: String
    /// Whether a node would take the snapshot.
    package let isSound: Bool

    /// Looks at a snapshot or a backup. Changes nothing. The registry is read as a node would read it, and is in
    /// memory meanwhile.
    /// - Throws: `StorageError` when the file cannot be opened.
    package static func inspect(_ path: String) throws -> SnapshotReport {
        let files = RealFileSystem()
        let snapshot = try SnapshotInspection.inspect(files: files, path: path)
        if let damage = snapshot.damage { return try SnapshotReport(snapshot, nil, "\(damage)") }
        let body = try SnapshotInspection.body(files: files, path: path)
        let contents: RegistryContents
        do throws(DecodeError) {
            contents = try RegistryContents(body.span)
        } catch {
            let problem = "\(path): the registry in it cannot be read: \(error)"
            return try SnapshotReport(snapshot, nil, problem)
        }
        return try SnapshotReport(snapshot, contents, nil)
    }

    private init(
        _ snapshot: SnapshotInspection, _ contents: RegistryContents?, _ problem: String?
    ) throws {
        isSound = problem == nil
        let view = SnapshotView(snapshot, contents, problem)
        json = String(decoding: try JSONText.encode(view), as: UTF8.self)
        var lines = ["file       \(snapshot.path), \(snapshot.byteCount) bytes"]
        if let header = snapshot.header {
            lines.append("cluster    \(header.cluster)")
            lines.append("covers     everything up to entry \(header.lastIncluded)")
            lines.append("members    \(names(header.configuration))")
        }
        if let body = snapshot.body { lines.append("body       \(body.count) bytes") }
        if let contents {
            lines.append("time       \(contents.timeMilliseconds) (cluster time, milliseconds)")
            lines.append("services   \(contents.services)")
            lines.append("instances  \(contents.instances)")
        }
        lines.append("")
        lines.append(
            "verdict    \(problem.map { "damaged: \($0)" } ?? "whole, all checksums hold")")
        text = lines.joined(separator: "\n")
    }
}

/// What stands in the body of a registry's snapshot.
struct RegistryContents {
    var timeMilliseconds: UInt64
    var services: Int
    var instances: Int

    init(_ body: Span<UInt8>) throws(DecodeError) {
        var offset = 0
        timeMilliseconds = try SnapshotPrelude(body, at: &offset).timeMilliseconds
        let registry = try Registry(decoding: body.extracting(offset...))
        services = registry.counts.services
        instances = registry.counts.instances
    }
}

/// A snapshot as JSON. The names are promised to programs.
private struct SnapshotView: Encodable {
    var file: String
    var bytes: UInt64
    /// `whole` or `damaged`.
    var verdict: String
    var problem: String?
    var cluster: String?
    var lastIncluded: LogView.Entry?
    var members: MembershipView?
    var bodyBytes: Int?
    var timeMilliseconds: UInt64?
    var services: Int?
    var instances: Int?

    init(_ snapshot: SnapshotInspection, _ contents: RegistryContents?, _ problem: String?) {
        file = snapshot.path
        bytes = snapshot.byteCount
        verdict = problem == nil ? "whole" : "damaged"
        self.problem = problem
        cluster = snapshot.header?.cluster
        lastIncluded = snapshot.header.map { LogView.Entry($0.lastIncluded) }
        members = snapshot.header.map { MembershipView($0.configuration) }
        bodyBytes = snapshot.body?.count
        timeMilliseconds = contents?.timeMilliseconds
        services = contents?.services
        instances = contents?.instances
    }
}
