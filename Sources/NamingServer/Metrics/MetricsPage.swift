internal import Naming
internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime

/// What Prometheus reads from a node: the names that Nacos dashboards know, and our own.
final class MetricsPage {
    private let service: RegistryService
    /// The HTTP door, once it is open.
    weak var door: HTTPDoor?

    init(_ service: RegistryService) { self.service = service }

    private var host: RegistryService.Host { service.host }

    func render() -> [UInt8] {
        var text = MetricsText()
        writeNacos(&text)
        writeChanges(&text)
        writeRaft(&text)
        writeLatencies(&text)
        writePeers(&text)
        writeDoor(&text)
        return text.bytes
    }

    // MARK: Nacos' names

    private func writeNacos(_ text: inout MetricsText) {
        let counts = service.registry.counts
        text.family("nacos_monitor", .gauge, "Gauges by the names that Nacos gives them.") {
            $0.sample(leaderStatus, ["module": "naming", "name": "leaderStatus"])
            $0.sample(Double(counts.services), ["module": "naming", "name": "serviceCount"])
            $0.sample(Double(counts.instances), ["module": "naming", "name": "ipCount"])
        }
        text.family(
            "nacos_exception_total", .counter,
            "leaderSendBeatFailed: heartbeat intervals of this leader in which a peer answered nothing."
        ) {
            // A peer that has missed none is there with 0: a counter that appears with its first count
            // hides that count from whoever watches its rate.
            let missed = host.node.counters.missedHeartbeats
            for (peer, _) in service.host.transport.peerStatistics {
                let labels: MetricsText.Labels = [
                    "module": "naming", "name": "leaderSendBeatFailed", "peer": "\(peer)",
                ]
                $0.sample(count: missed.first { $0.node == peer }?.count ?? 0, labels)
            }
        }
    }

    /// 1 leads, 0 follows, 2 neither.
    private var leaderStatus: Double {
        switch host.node.core.roleName {
        case .leader: 1
        case .follower: 0
        case .preCandidate, .candidate: 2
        }
    }

    private func writeChanges(_ text: inout MetricsText) {
        text.family(
            "muster_registry_changes_total", .counter, "Changes of the registry applied here."
        ) {
            for change in service.changes.named {
                $0.sample(count: change.count, ["change": change.name])
            }
        }
    }

    // MARK: Raft

    private func writeRaft(_ text: inout MetricsText) {
        let core = host.node.core
        let indexes: [(name: String, help: String, value: LogIndex)] = [
            ("last", "The last entry in this node's log.", core.log.lastIndex),
            ("durable", "The last entry that is on this node's disk.", core.durableIndex),
            ("commit", "The last entry known to be committed.", core.commitIndex),
            ("applied", "The last entry that is in the registry.", host.node.applied.index),
            (
                "snapshot", "The last entry that the newest snapshot covers.",
                core.snapshot?.lastIncluded.index ?? .zero
            ),
        ]
        text.gauge("muster_raft_term", "The newest term heard of.", Double(core.term.rawValue))
        for index in indexes {
            text.gauge("muster_raft_\(index.name)_index", index.help, Double(index.value.rawValue))
        }
        text.gauge(
            "muster_raft_has_leader", "Whether this node knows a leader.",
            core.leader == nil ? 0 : 1)
        text.gauge(
            "muster_cluster_time_seconds", "The replicated clock.",
            Double(host.node.clusterTimeMilliseconds) / 1000)
        text.gauge(
            "muster_raft_rejoining",
            "Whether this node's data was damaged and it has not been readmitted yet.",
            host.node.rejoinRecord == nil ? 0 : 1)
        writeCounters(host.node.counters, &text)
    }

    private func writeCounters(_ counters: NodeCounters, _ text: inout MetricsText) {
        text.counter("muster_raft_elections_total", "Campaigns of this node.", counters.campaigns)
        text.counter(
            "muster_raft_elections_won_total", "Elections that this node won.",
            counters.electionsWon)
        text.counter(
            "muster_raft_leader_changes_total", "Leaders that this node has come to know.",
            counters.leaderChanges)
        text.counter(
            "muster_raft_proposals_total", "Proposals taken at this node.", counters.proposals)
        text.counter("muster_raft_applied_total", "Entries applied.", counters.applied)
        text.counter("muster_raft_syncs_total", "Syncs of the log.", counters.syncs)
        text.counter(
            "muster_disk_full_total", "How often there was no space for the log.",
            counters.fullDisks)
        text.gauge(
            "muster_disk_full", "Whether the disk is full, so that proposals are refused.",
            host.node.isDiskFull ? 1 : 0)
    }

    private func writeLatencies(_ text: inout MetricsText) {
        text.family(
            "muster_raft_append_seconds", .histogram,
            "From a proposal's arrival at this node until it is committed and applied here."
        ) { $0.sample(Histogram(host.node.proposalLatency)) }
        text.family("muster_raft_fsync_seconds", .histogram, "Syncs of the log.") {
            $0.sample(Histogram(service.host.syncLatency))
        }
    }

    // MARK: The others

    private func writePeers(_ text: inout MetricsText) {
        text.family("muster_raft_match_index", .gauge, "What a leader knows its peers to hold.") {
            for peer in host.node.peers {
                $0.sample(Double(peer.matchIndex.rawValue), ["peer": "\(peer.node)"])
            }
        }
        text.family("muster_peer_silence_seconds", .gauge, "The time since a peer was last heard.")
        {
            for (peer, values) in service.host.transport.peerStatistics {
                guard let last = values.lastContact else { continue }
                let silence = Double(MonotonicTime.now.nanoseconds(since: last)) / 1e9
                $0.sample(silence, ["peer": "\(peer)"])
            }
        }
        write("muster_peer_sent_bytes_total", "Bytes sent to a peer.", \.sentBytes, &text)
        write("muster_peer_received_bytes_total", "Bytes from a peer.", \.receivedBytes, &text)
        write(
            "muster_peer_dropped_total", "Envelopes dropped because a peer was away or slow.",
            \.droppedEnvelopes, &text)
    }

    private func write(
        _ name: String, _ help: String, _ value: KeyPath<PeerStatistics, UInt64>,
        _ text: inout MetricsText
    ) {
        text.family(name, .counter, help) {
            for (peer, values) in service.host.transport.peerStatistics {
                $0.sample(count: values[keyPath: value], ["peer": "\(peer)"])
            }
        }
    }

    private func writeDoor(_ text: inout MetricsText) {
        guard let door else { return }
        text.gauge(
            "muster_http_connections", "Clients that are connected.", Double(door.connectionCount))
        text.counter(
            "muster_http_requests_total", "Requests served.", UInt64(door.figures.requests))
        text.counter(
            "muster_http_faults_total", "Bytes from clients that were no request.",
            UInt64(door.figures.faults))
    }
}

extension Histogram {
    /// Durations as a node has counted them.
    fileprivate init(_ latencies: LatencyHistogram) {
        self.init(
            bounds: LatencyHistogram.boundsNanoseconds.map { Double($0) / 1e9 },
            counts: latencies.counts, sum: Double(latencies.sumNanoseconds) / 1e9)
    }
}
