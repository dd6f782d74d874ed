internal import Raft
internal import RaftRuntime
internal import RaftStorage

// Disks that fail, fill up, hang and rot, and what a node may do then: stop and say why.

extension Simulator {
    func disturbDisk(_ kind: FaultKind, of node: SimulatedNode) {
        switch kind {
        case .slowDisk:
            node.diskSlowness = UInt64(draw(5...40))
            plan(after: milliseconds(500...5000)) { _ in node.diskSlowness = 1 }
        case .stallDisk:
            mark(.diskStalled)
            node.isDiskStalled = true
            // Or for ever: until the faults stop.
            if chance(800) {
                plan(after: milliseconds(1000...20_000)) { simulator in
                    if simulator.isTroubled { simulator.endStall(of: node) }
                }
            }
        case .fullDisk:
            node.disk.capacityBytes = node.disk.usedBytes + draw(0...3000)
            plan(after: milliseconds(200...20_000)) { _ in node.disk.capacityBytes = nil }
        case .brokenDisk:
            node.disk.failsAll = true
            plan(after: milliseconds(20...3000)) { _ in node.disk.failsAll = false }
        case .callFailure:
            node.disk.failingOperation = ["read", "write", "sync", "open", "rename"][draw(0...4)]
        case .rot: rot(node)
        default: node.disk.failingCall = node.disk.callCount + draw(1...60)
        }
    }

    private func endStall(of node: SimulatedNode) {
        node.isDiskStalled = false
        for lane in node.parkedLanes {
            queue.plan(.jobDone(node.place, lane: lane, life: node.life), at: time + 1)
        }
        node.parkedLanes = []
    }

    /// The disks work again; what has rotted stays so.
    func calmDisk(of node: SimulatedNode) {
        node.disk.lastCall = nil
        node.disk.failingCall = nil
        node.disk.failingOperation = nil
        node.disk.failsAll = false
        node.disk.capacityBytes = nil
        node.diskSlowness = 1
        endStall(of: node)
    }

    /// A node has given up, or cannot start. Without an error of its disk there is no excuse for that.
    func stopAfterDiskFailure(_ node: SimulatedNode, _ failure: NodeFailure) {
        note("node \(node.id) stops: \(failure)")
        if case .storage(let error) = failure, error.isDamage, isExplained(error, node) {
            mark(.damageFound)
            if case .corrupt(offset: 1..., index: _?) = error.kind { mark(.damagedMiddle) }
            node.isLost = true
        } else if case .storage(let error) = failure, error.kind == .full {
            mark(.tooFullToBegin)
            checker.expect(
                node.disk.capacityBytes != nil, "node \(node.id) found its disk full, it is not")
            // A founder that cannot put down whom it has met has promised nothing yet, and may end.
            checker.expect(
                !node.isUp || error.path.hasSuffix(".writing"),
                "node \(node.id) did not survive a full disk: \(error)")
        } else {
            mark(.diskFailed)
            if case .storage(let error) = failure, error.operation == "sync" { mark(.syncFailed) }
            checker.expect(failure.isInjected, "node \(node.id) stopped: \(failure)")
        }
        node.disk.endProcess()
        end(node, restartAfter: milliseconds(10...1000))
    }

    // MARK: Rot

    /// Changes bytes that were synced long ago, so that what was synced later vouches for them.
    private func rot(_ node: SimulatedNode) {
        guard canLose(node) || surroundings.rotsWithoutLimit else { return }
        // What a node has put aside it never looks at again.
        let places = node.disk.paths.filter { !$0.hasPrefix("/data/damaged-") }
            .map { ($0, settledBytes(of: $0, on: node.disk)) }
            .filter { $0.1 > 0 }
        guard !places.isEmpty else { return }
        let needless = chance(500) ? needlessSnapshot(of: node) : nil
        let (path, settled) =
            places.first { $0.0 == needless } ?? places[draw(0...places.count - 1)]
        let offset = draw(0...settled - 1)
        note("byte \(offset) of \(path) rots at node \(node.id)")
        mark(.bytesRotted)
        traceHash.mix(node.place, offset)
        node.rottenFiles.append(path)
        node.disk.flip(UInt8(1) << UInt8(draw(0...7)), of: path, at: offset)
        guard chance(300) else { return }
        // A whole sector, as a device loses them.
        let start = offset - offset % SimulatedFileSystem.sectorBytes
        for place in start..<min(start + SimulatedFileSystem.sectorBytes, settled) {
            node.disk.flip(0xA5, of: path, at: place)
        }
    }

    /// The newest snapshot of a node that can do without it: its log begins at the beginning.
    private func needlessSnapshot(of node: SimulatedNode) -> String? {
        guard node.process?.loop.core.log.base.index == .zero else { return nil }
        return node.disk.paths.last { $0.hasSuffix(".snapshot") }
    }

    /// A node has opened its log, and has made a mark durable that vouches for all of it. The mark itself has
    /// nobody who vouches for it.
    func settleLog(of node: SimulatedNode) {
        let markBytes = 32
        for path in node.disk.paths where path.hasSuffix(".log") {
            node.disk.vouch(for: path, sparing: markBytes)
        }
    }

    /// How much of a file has been there for good. A snapshot is written once, and then gets its name.
    private func settledBytes(of path: String, on disk: SimulatedFileSystem) -> Int {
        path.hasSuffix(".snapshot")
            ? disk.contents(of: path)?.count ?? 0 : disk.settledBytes(of: path)
    }

    /// Whether what a node complains of has been done to it: it names the file, or the directory of one.
    private func isExplained(_ error: StorageError, _ node: SimulatedNode) -> Bool {
        node.rottenFiles.contains { $0 == error.path || $0.hasPrefix("/data/snapshots") }
    }
}

extension StorageError {
    /// A file that names a version of the future may as well be a damaged one.
    fileprivate var isDamage: Bool {
        switch kind {
        case .corrupt, .newerVersion: true
        default: false
        }
    }
}

extension NodeFailure {
    /// Whether the simulation itself has made the disk fail.
    fileprivate var isInjected: Bool {
        if case .storage(let error) = self { error.detail == "injected" } else { false }
    }
}
