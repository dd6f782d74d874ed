internal import Raft

// A path through the states as a story, in the format of the scenarios: what happened, step by step,
// with everything held back that does not happen yet.

extension ExplorationPreset {
    /// The commands that come before anything is explored: afterwards every link and, unless disks work
    /// at once, every disk waits to be told.
    var openingCommands: [String] {
        let count = Int(nodes.split(separator: " ")[1]) ?? 0
        let holds = (1...max(1, count)).map { "hold \($0)" }
        let stops = syncsAtOnce ? [] : (1...max(1, count)).map { "stop-disk \($0)" }
        return [nodes] + opening + holds + stops
    }

    /// The cluster as it is when the exploration begins; what its opening holds back is on its way then.
    func makeWorld() throws -> ScriptWorld {
        var script = Script()
        try script.perform(openingCommands[0])
        script.world?.cluster.namesCommandsByPlace = true
        for line in openingCommands.dropFirst() { try script.perform(line) }
        guard let world = script.world else {
            throw ScriptError(description: "\(name): a script starts with nodes")
        }
        return world
    }
}

extension Explorer {
    /// The story of a path, drawn by the interpreter of scenarios with the checker of whole clusters.
    mutating func story(through number: UInt32, then last: Int) -> String {
        var lines: [String] = []
        do {
            var world = try preset.makeWorld()
            var state = root
            for ordinal in path(through: number, then: last) {
                guard let step = retrace(from: state, ordinal) else {
                    throw ScriptError(description: "choice \(ordinal) is gone")
                }
                state = step.state
                let commands = try tell(step.choice, in: &world)
                lines.append(commands.joined(separator: "; "))
                if world.cluster.violation != nil { break }
            }
            let head = "# Found by raft-lab explore --preset \(preset.name)"
            let opening = preset.openingCommands.joined(separator: "; ")
            return try Script.redraw(([head + ".\n" + opening] + lines).joined(separator: "\n\n"))
        } catch {
            return "# The story cannot be told: \(error)\n" + lines.joined(separator: "\n") + "\n"
        }
    }

    /// The commands for a choice, carried out as they are made.
    private func tell(_ choice: Choice, in world: inout ScriptWorld) throws -> [String] {
        var commands: [String] = []
        switch choice.kind {
        case .event(let event):
            for action in told(table.events[Int(event)].actions) {
                try run(action, in: &world, &commands)
            }
        case .deliver(let packet):
            try run("deliver " + place(of: packet, in: world), in: &world, &commands)
        case .lose(let packet):
            try run("drop " + place(of: packet, in: world), in: &world, &commands)
        case .deliverCopy(let packet):
            // The copy sets out as the last; the first one arrives.
            let place = try place(of: packet, in: world)
            try run("double " + place, in: &world, &commands)
            try run("deliver " + place, in: &world, &commands)
        }
        for packet in choice.lost.reversed() {
            try run("drop " + place(of: packet, in: world, isLast: true), in: &world, &commands)
        }
        return commands
    }

    private func run(
        _ command: String, in world: inout ScriptWorld, _ commands: inout [String]
    ) throws {
        var ignored: [String] = []
        try world.run(command.split(separator: " ").map(String.init), into: &ignored)
        commands.append(command)
    }

    /// Where a packet is among those of its link and kind: `1>2 append 2`.
    private func place(
        of packet: UInt32, in world: ScriptWorld, isLast: Bool = false
    ) throws -> String {
        let message = table.packets[Int(packet)].message
        let link = ScriptWorld.Link(from: message.from, to: message.to)
        let places = world.places(on: link, kind: message.body.kind)
        let found = places.indices.filter {
            table.knownNumber(of: world.cluster.packets[places[$0]]) == packet
        }
        guard let rank = isLast ? found.last : found.first else {
            throw ScriptError(description: "\(message.told) is not on its way")
        }
        let kind = "\(link.from)>\(link.to) \(message.body.kind)"
        return rank == 0 ? kind : "\(kind) \(rank + 1)"
    }

    private func told(_ actions: [ModelAction]) -> [String] {
        actions.map { action in
            switch action {
            case .fire(let id, let timer): "fire \(id) \(timer)"
            case .sync(let id, let count): "sync \(id) \(count)"
            case .crash(let id, let surviving): "crash \(id) \(surviving)"
            case .restart(let id): "restart \(id)"
            case .close(let id, let peer): "close \(id) \(peer)"
            case .propose(let id, _): "propose \(id) x"
            case .read(let id): "read \(id)"
            case .compact(let id, let keeping): "compact \(id) \(keeping)"
            case .storeSnapshot(let id): "store-snapshot \(id)"
            case .rejectSnapshot(let id): "reject-snapshot \(id)"
            case .change(let id, let change): change.told(at: id)
            case .transfer(let id, let target): "transfer \(id)" + (target.map { " \($0)" } ?? "")
            case .stall(let id, let isStalled): "\(isStalled ? "stall" : "unstall") \(id)"
            case .wipe(let id): "wipe \(id)"
            case .clock(let id, let milliseconds): "clock \(id) \(milliseconds)"
            case .deliver, .drop, .duplicate, .loseSnapshot, .flush: "\(action)"
            }
        }
    }
}

extension MembershipChange {
    /// The command of a scenario that asks a node for this.
    fileprivate func told(at id: NodeID) -> String {
        switch self {
        case .add(let member, let asVoter):
            "add \(id) \(member.id)" + (asVoter ? " voter" : "")
                + (member.incarnation == 0 ? "" : " incarnation=\(member.incarnation)")
        case .remove(let node): "remove \(id) \(node)"
        case .demote(let node): "demote \(id) \(node)"
        case .promote(let node): "promote \(id) \(node)"
        case .setVoters(let voters):
            "voters \(id) " + voters.map(\.description).joined(separator: ",")
        case .update(let member):
            "update \(id) \(member.id) incarnation=\(member.incarnation)"
                + " priority=\(member.priority)"
        case .readmit(let node, let incarnation):
            "readmit \(id) \(node) incarnation=\(incarnation)"
        }
    }
}
