/// The version of this build.
package let musterVersion = "0.1.0"

/// One thing the executable can be asked to do.
package enum MusterCommand: Equatable, Sendable {
    /// Print how the executable is used.
    case help
    /// Print the version.
    case version
    /// Run one node until it is told to stop.
    case serve(ServeSettings)
    /// Run a cluster on this machine until it is told to stop.
    case demo(DemoSettings)
    /// Print how the nodes of a cluster are.
    case status(StatusSettings)
    /// Print what a node's log holds.
    case inspectLog(InspectSettings)
    /// Print what a snapshot holds.
    case inspectSnapshot(InspectSettings)
    /// Keep a backup of a cluster in a file.
    case backup(BackupSettings)
    /// Make the data directory of a node of a new cluster from a backup.
    case restore(RestoreSettings)
    /// Measure something; for developers.
    case bench(BenchSettings)
    /// Wait for the end of a demo and remove its temporary directory. Only a demo asks for it.
    case cleanUpDemo(directory: String)

    /// Reads the words that follow the executable's name.
    package init(arguments: [String]) throws(UsageError) {
        guard let name = arguments.first else { throw UsageError("no command is given") }
        let rest = Array(arguments.dropFirst())
        if rest.contains("--help") || rest.contains("-h") {
            self = .help
            return
        }
        switch name {
        case "help", "--help", "-h": self = .help
        case "version", "--version": self = .version
        case "serve": self = .serve(try ServeSettings(arguments: rest))
        case "demo": self = .demo(try DemoSettings(arguments: rest))
        case "clean-up-demo":
            // The one command that removes anything removes nothing but what a demo has made.
            let name = rest.first?.split(separator: "/").last
            guard rest.count == 1, name?.hasPrefix(DemoSettings.directoryPrefix + "-") == true
            else { throw UsageError("only a demo calls this command") }
            self = .cleanUpDemo(directory: rest[0])
        case "status": self = .status(try StatusSettings(arguments: rest))
        case "backup": self = .backup(try BackupSettings(arguments: rest))
        case "restore": self = .restore(try RestoreSettings(arguments: rest))
        case "wal": self = .inspectLog(try InspectSettings(arguments: rest, of: "wal", "DIR"))
        case "snapshot":
            self = .inspectSnapshot(try InspectSettings(arguments: rest, of: "snapshot", "FILE"))
        case "bench": self = .bench(try BenchSettings(arguments: rest))
        default: throw UsageError("there is no command '\(name)'")
        }
    }

    /// How the executable is used.
    package static let usage = """
        Muster: a naming registry for Nacos clients, on three or more nodes that agree by Raft.

        muster serve --id N --data DIR --http HOST:PORT --raft HOST:PORT --peers N=HOST:PORT,...
            Run one node until it gets SIGINT or SIGTERM.
              --id N                  the node's name, a number from 1 that is never used again
              --data DIR              its log and snapshots; made when it is not there
              --http HOST:PORT        where it listens for clients
              --raft HOST:PORT        where it listens for the other nodes
              --peers N=HOST:PORT,... the Raft addresses of all voters, this node included
              --http-peers N=HOST:PORT,...
                                      their HTTP addresses; without it a node's HTTP port is as
                                      far from its Raft port as on this node
              --cluster NAME          nodes of other clusters are refused (muster)
              --election-timeout MS   silence of the leader before an election (1000)
              --heartbeat MS          how often an idle leader is heard (100)
              --snapshot-entries N    entries between two snapshots (100000)
              --on-damage WHAT        a node whose log or snapshots are damaged keeps the files aside and
                                      comes back empty, to be readmitted by the others (rejoin), or
                                      does not start (stop)
              --log-level LEVEL       debug, info, warning or error (info)
              --stop-when-input-ends  stop at the end of standard input

        muster demo [--nodes 3] [--http-port 8848] [--data DIR] [--log-level LEVEL]
            Run a cluster on this machine until Ctrl-C. HTTP listens on the port given and every
            tenth after it, Raft 1000 below. Without --data nothing is left behind.

        muster status [--server HOST:PORT] [--json] [--timeout MS]
            Print role, term, commit and applied index of every node. Any node can be asked
            (127.0.0.1:8848). The exit status is 1 when no leader is found.

        muster backup --out FILE [--server HOST:PORT] [--force] [--timeout MS]
            Fetch a backup from a running cluster; any node can be asked (127.0.0.1:8848). It holds
            all that was acknowledged before, is checked, and is on the disk when the command ends.
            Until then it is FILE.partial. A file that is there is replaced only with --force.

        muster restore FILE --data DIR --cluster NAME --node N [--members N,...]
            Make the data directory of a node of a new cluster that begins with what a backup holds.
              --data DIR              must be empty, or not there
              --cluster NAME          the new cluster's name; not that of the old one
              --node N                the node, one of the members
              --members N,...         the members of the new cluster (those of the old one)
            Do so for every member, from the same file, and start them with 'muster serve' and the
            same --cluster. Every instance has its whole time to beat from the new cluster's start.

        muster wal inspect DIR [--json]
            Print what the log in a data directory holds, segment by segment, and whether a node
            would start with it. Only reads, takes no lock: DIR may be a copy from a dead machine.
            The exit status is 1 when something acknowledged is damaged or missing,
            and 2 when nothing could be looked at.

        muster snapshot inspect FILE [--json]
            Print what a snapshot or a backup holds. The exit status is 1 when it is damaged.

        muster bench snapshot [--instances 1000000] [--services 10000] [--snapshots 5]
            Print how long a node's loop stands still while snapshots of its registry are written.

        muster version
        muster help
        """
}
