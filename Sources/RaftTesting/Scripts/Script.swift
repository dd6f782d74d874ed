internal import Raft

/// A story in a text file: commands, a line of dashes, what came of them, a blank line, and so on.
///
/// Printed are the nodes whose state has changed, and whatever rare happened. Lines that start with a
/// `#` are kept as they are.
package struct Script {
    var world: ScriptWorld?
    private var shown: [NodeID: String] = [:]

    /// Runs a script.
    ///
    /// - Returns: The script with what really came of it.
    package static func redraw(_ text: String) throws -> String {
        var script = Script()
        var output: [String] = []
        for block in text.split(separator: "\n\n") {
            output.append(try script.redraw(block: String(block)))
        }
        return output.joined(separator: "\n\n") + "\n"
    }

    private mutating func redraw(block: String) throws -> String {
        var lines: [String] = []
        for line in block.split(separator: "\n") {
            if line == "----" { break }
            lines.append(String(line))
        }
        let commands = lines.filter { !$0.hasPrefix("#") }
            .flatMap { $0.split(separator: ";") }
            .map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
        guard !commands.isEmpty else { return lines.joined(separator: "\n") }
        var output: [String] = []
        for command in commands { try run(command, into: &output) }
        return (lines + ["----"] + output + changes()).joined(separator: "\n")
    }

    /// Carries out one line of commands.
    ///
    /// - Parameter world: What the lines before it have left; nothing for the first.
    /// - Returns: What it leaves.
    package static func run(
        _ line: some StringProtocol, from world: ScriptWorld?
    ) throws -> ScriptWorld? {
        var script = Script()
        script.world = world
        try script.perform(String(line))
        return script.world
    }

    /// Carries out one line, and draws nothing.
    mutating func perform(_ line: String) throws {
        var ignored: [String] = []
        for command in line.split(separator: ";") {
            try run(command.split(separator: " ").map(String.init), into: &ignored)
        }
    }

    private mutating func run(_ command: [String], into output: inout [String]) throws {
        if command[0] == "nodes" {
            world = try Self.makeWorld(command)
        } else {
            guard world != nil else { throw ScriptError(description: "a script starts with nodes") }
            try world?.run(command, into: &output)
        }
        output += world?.cluster.notes.take() ?? []
    }

    /// The nodes that are not as they were shown last.
    private mutating func changes() -> [String] {
        guard let cluster = world?.cluster else { return [] }
        var lines: [String] = []
        for node in cluster.nodes where shown[node.id] != node.told {
            shown[node.id] = node.told
            lines.append(node.told)
        }
        if let violation = cluster.violation { lines.append("BROKEN: \(violation)") }
        return lines.isEmpty ? ["nothing changes"] : lines
    }

    private static func makeWorld(_ words: [String]) throws -> ScriptWorld {
        guard words.count > 1, let count = UInt64(words[1]) else {
            throw ScriptError(description: "\(words): how many nodes?")
        }
        var settings = CoreSettings()
        var leader: String?
        var snapshotBytes: UInt64 = 3
        var joining: UInt64 = 0
        var hasIncarnations = false
        var drift: UInt64 = 0
        for word in words.dropFirst(2) {
            let parts = word.split(separator: "=").map(String.init)
            guard parts.count == 2 else { throw ScriptError(description: "\(words): \(word)?") }
            switch parts[0] {
            case "leader": leader = parts[1]
            case "pre-vote": settings.usesPreVote = parts[1] != "no"
            case "check-quorum": settings.checksQuorum = parts[1] != "no"
            case "append": settings.maxEntriesPerAppend = Int(parts[1]) ?? 1
            case "inflight": settings.maxInflightAppends = Int(parts[1]) ?? 1
            case "reads": settings.maxPendingReads = Int(parts[1]) ?? 1
            case "snapshot": snapshotBytes = UInt64(parts[1]) ?? 1
            case "bytes": settings.maxUncommittedBytes = Int(parts[1]) ?? 1
            case "window": settings.maxInflightBytes = Int(parts[1]) ?? 1
            case "joining": joining = UInt64(parts[1]) ?? 0
            case "incarnations": hasIncarnations = parts[1] == "yes"
            case "drift": drift = UInt64(parts[1]) ?? 0
            case "lease":
                try settings.allowLeases(
                    electionTimeoutMilliseconds: UInt64(parts[1]) ?? 0, maxDriftPermille: drift)
            default: throw ScriptError(description: "\(words): \(word)?")
            }
        }
        let voters = (1...count).map { NodeID($0) }
        let configuration = Configuration(
            voters: voters,
            roster: hasIncarnations ? voters.map { Member($0, incarnation: $0.rawValue) } : [])
        var world = ScriptWorld(
            cluster: ModelCluster(
                configuration: configuration,
                joining: (0..<joining).map { NodeID(count + 1 + $0) }, settings: settings))
        world.cluster.snapshotBytes = snapshotBytes
        var ignored: [String] = []
        if settings.lease != nil {
            // Whoever has just started may have made promises, and votes only after a while.
            for voter in voters { world.cluster.perform(.fire(voter, .election)) }
        }
        if let leader { try world.run(["campaign", leader], into: &ignored) }
        _ = world.cluster.notes.take()
        return world
    }
}
