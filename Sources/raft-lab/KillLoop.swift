internal import Platform
internal import Raft
internal import RaftHost
internal import RaftRuntime
internal import RaftStorage
internal import RaftTesting

/// Kills processes that write a log and snapshots to the real disk, and holds what they leave against what they said.
final class KillLoop {
    /// What is done where.
    struct Options {
        var kills: Int
        var directory: String
        var seed: UInt64
        /// Whether the disk is a small one that is to fill up.
        var fills: Bool
    }

    static let childName = "storage-child"
    static let identity = NodeIdentity(
        cluster: "kill-loop", node: NodeID(7), incarnation: 0x0BAD_CAFE)
    /// How a child says that the disk was too full to go on.
    static let fullStatus: Int32 = 3
    /// A child is killed after so many milliseconds, or lines, at the latest.
    private static let maxMilliseconds = 60
    private static let maxLines = 500

    private let options: Options
    private let executable: String
    private let loop: EventLoop
    private var dice: SplitMix64
    private var ledger = StorageLedger(KillLoop.identity)
    private var child: ChildProcess?
    private var linesLeft = 0
    private var wasKilled = false
    private var killed = 0
    private var endedFull = 0
    private var findings: [String] = []

    init(_ options: Options) throws {
        self.options = options
        executable = try CurrentProcess.executablePath()
        loop = try EventLoop()
        dice = SplitMix64(seed: options.seed)
    }

    /// Kills as often as it was asked to, or until something is found.
    func run() throws -> (counts: [StorageCampaign.Report.Count], findings: [String]) {
        try start()
        loop.run()
        return (ledger.counts.counts, findings)
    }

    static func settings(fills: Bool) -> StorageTwin<RealFileSystem>.Settings {
        var settings = StorageTwin<RealFileSystem>.Settings()
        settings.isHoarding = fills
        if fills {
            settings.fillerBytes = 1 << 20
            settings.largestBody = 50_000
        }
        return settings
    }

    // MARK: One child after the other

    private func start() throws {
        // Half of them die at a moment, half with something that they have just said or begun.
        let isTimed = Bool.random(using: &dice)
        linesLeft = isTimed ? .max : Int.random(in: 1...Self.maxLines, using: &dice)
        wasKilled = false
        let child = try ChildProcess(
            executable: executable,
            arguments: [
                Self.childName, options.directory, String(dice.next()),
                options.fills ? "fill" : "leave",
            ],
            output: .lines { [self] stream, line in heard(line, stream) }, on: loop
        ) { [self] status in ended(status) }
        self.child = child
        guard isTimed else { return }
        let delay = Int.random(in: 1...Self.maxMilliseconds, using: &dice)
        loop.schedule(at: MonotonicTime.now.advanced(byMilliseconds: delay)) { [self] in
            if self.child === child { kill() }
        }
    }

    private func kill() {
        guard !wasKilled else { return }
        wasKilled = true
        child?.signal(.kill)
    }

    private func heard(_ line: String, _ stream: ChildProcess.Stream) {
        // The last line may have been cut short: then what it announces was not begun.
        guard line.hasSuffix(" .") || stream == .error else { return }
        do {
            guard stream == .output else { throw LogTwinFinding("said on its way: \(line)") }
            try ledger.take(line)
        } catch {
            find("\(error)")
        }
        linesLeft -= 1
        if linesLeft == 0 { kill() }
    }

    private func find(_ text: String) {
        findings.append("kill \(killed + 1) of seed \(options.seed): \(text)")
        kill()
    }

    private func ended(_ status: ChildProcess.Status) {
        child = nil
        do {
            if status == .signal(Signal.kill.rawValue), wasKilled {
                killed += 1
                ledger.endOfProcess()
                endedFull = 0
            } else if status == .code(Self.fullStatus), options.fills {
                ledger.endOfProcess(byFullDisk: true)
                endedFull += 1
                if endedFull > 20 { find("no process gets on any more, the disk is full") }
            } else {
                find("the process has ended with \(status)")
            }
            // The other half is for the next child to open, and perhaps to be killed at that.
            if findings.isEmpty, Bool.random(using: &dice) {
                try ledger.judge(
                    RealFileSystem(), directory: options.directory,
                    settings: Self.settings(fills: options.fills).log)
            }
            if findings.isEmpty, killed < options.kills { return try start() }
        } catch {
            find("\(error)")
        }
        loop.stop()
    }
}

/// The process that is going to be killed.
enum KillChild {
    /// Works until it is killed. Arguments: the directory, the seed, and whether to fill the disk.
    static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 3, let seed = UInt64(arguments[1]) else { return 2 }
        do {
            try CurrentProcess.exitWhenParentCloses()
            var twin = try StorageTwin(
                RealFileSystem(), directory: arguments[0],
                settings: KillLoop.settings(fills: arguments[2] == "fill"),
                identity: KillLoop.identity, seed: seed
            ) { LineWriter.output.write($0.line) }
            while true { try twin.step() }
        } catch let error as StorageError where error.kind == .full {
            return KillLoop.fullStatus
        } catch {
            LineWriter.error.write("\(error)")
            return 1
        }
    }
}
