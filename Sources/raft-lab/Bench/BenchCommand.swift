internal import Platform
internal import RaftBench
internal import RaftHost

/// `raft-lab bench`: how fast a part is, next to the least that it could cost on this machine.
enum BenchCommand {
    static let usage = """
        usage: raft-lab bench [--json]
               raft-lab bench commit [--stage a|b|c|d] [--json] [--seconds S] [--entries N] [--outstanding N]
                                     [--bytes N] [--nodes N]
               raft-lab bench read [the same, without --bytes]
               raft-lab bench failover [--kills N] [--election MS] [--fault kill|cut] [--nodes N] [--trace] [--json]
               raft-lab bench catchup [--by entries|snapshot] [--entries N] [--bytes N] [--state MIB] [--json]
               raft-lab bench snapshot [--state MIB] [--outstanding N] [--seconds S] [--json]
               raft-lab bench growth [--stage a|b] [--entries N] [--outstanding N] [--bytes N] [--json]
               raft-lab bench idle [--nodes N] [--seconds S] [--json]
               raft-lab bench allocations [--outstanding N] [--json]
               raft-lab bench wal [--dir DIR] [--seconds S] [--pairs N] [--segment BYTES] [--fresh]
                                  [--writers N] [--entry BYTES]
               raft-lab bench crc
               raft-lab bench --compare A.json B.json

          Alone it measures everything, each for a short time: a minute or two.

          commit  entries committed and applied while so many proposals are outstanding (1, 64 and 1024, in stage d
                256, too, of 64 and 256 bytes): a second, processor time and allocations each, latency
            --stage    a: logs and messages in memory, all nodes on one thread; b: logs on the disk, every write
                       synced, a thread for each node; c: TCP between them, too; d: nodes are processes, and each
                       request has a connection of its own to the leader; default: all
            --seconds, --entries   how long each case is measured, or for how many entries; default 1 s
            --outstanding, --bytes, --nodes   only this many, of this size, with so many nodes (default 3; 3,5,7
                       measures each)
            --json     one JSON object a line, as --compare takes them
          read  linearizable reads at the leader, by a round of heartbeats and from its lease
          failover  until something is committed again when the leader is no more, among three processes
            --kills    how often in each case; default 50
            --election only this election timeout; default: 150, 300 and 1000 ms, a tenth between heartbeats
            --fault    kill: its process is killed; cut: it is stopped, and nothing closes its connections;
                       default: both
            --trace    who took which part when, in each round
          catchup  a node with an empty directory gets all from the leader, by entries (a million of 64 and of 256
                bytes) or by a snapshot (256 MiB); what it costs, and what a light load notices
          snapshot  a large state (256 MiB) is written while others write to it: latency, longest turn of the leader
          growth  what an entry costs behind 10,000 to 10,000,000 others (--entries: only up to so many), in stage a
                with snapshots, in b without; and how long the long log takes to open
          idle  three nodes with nothing to do: processor time, wake-ups, messages (default 10 s)
          allocations  how often nodes and proposer ask for memory in stage a, exactly
          wal   appends through the log as a node uses it, every one synced, next to the bare cost of
                pwrite and fdatasync of the same bytes in the same batches
            --dir      a directory on the disk in question, which must be there; default: a temporary one
            --seconds  how long the log runs in each pair; default 0.4
            --pairs    how often log and floor take turns; default 5
            --segment  the size of a segment; default 16777216
            --fresh    never forget anything, so that every segment is a new file
            --writers, --entry   only this many writers, or this size of entry
          crc   the checksum, by the processor's instructions and by tables
        """

    /// Whether it could be measured.
    static func run(_ arguments: [String]) -> Bool {
        let rest = Array(arguments.dropFirst())
        switch arguments.first {
        case "commit": return CommitCommand.run(rest, [.entry])
        case "read": return CommitCommand.run(rest, [.read, .leaseRead])
        case "failover": return FailoverCommand.run(rest)
        case nil, "--json": return OverviewCommand.run(arguments)
        case "catchup": return BulkCommands.catchUp(rest)
        case "snapshot": return BulkCommands.snapshot(rest)
        case "idle": return BulkCommands.idle(rest)
        case "growth": return BulkCommands.growth(rest)
        case "allocations": return BulkCommands.allocations(rest)
        case "wal": return measureLog(LogBench.Options(rest))
        case "crc": return ChecksumBench.run()
        case "--compare" where rest.count == 2: return compare(rest[0], rest[1])
        default: fail(usage)
        }
    }

    private static func compare(_ first: String, _ second: String) -> Bool {
        do {
            try BenchComparison.run(first, second) { print($0) }
            return true
        } catch {
            print("\(error)")
            return false
        }
    }

    private static func measureLog(_ options: LogBench.Options) -> Bool {
        do {
            let around = try options.directory ?? Directory.makeTemporary(prefix: "raft-lab-bench-")
            let directory = around + "/raft-lab-bench-\(CurrentProcess.pid)"
            defer {
                try? Directory.removeTree(options.directory == nil ? around : directory)
            }
            try Directory.create(directory)
            try LogBench(options, in: directory).run()
            return true
        } catch {
            print("\(error)")
            return false
        }
    }
}
