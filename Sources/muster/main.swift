internal import NamingBench
internal import NamingClient
internal import NamingServer
internal import NamingTools
internal import Platform

/// Runs one command; gives the exit status of the process.
func run(_ command: MusterCommand) throws -> Int32 {
    switch command {
    case .help:
        LineWriter.output.write(MusterCommand.usage)
        return 0
    case .version:
        LineWriter.output.write("muster \(musterVersion)")
        return 0
    case .serve(let settings):
        return serve(settings)
    case .demo(let settings):
        return try Demo.run(settings)
    case .cleanUpDemo(let directory):
        return try DirectoryCleaner.run(directory)
    case .status(let settings):
        let report = try StatusReport.query(
            server: settings.server, timeoutMilliseconds: settings.timeoutMilliseconds)
        LineWriter.output.write(settings.printsJSON ? report.json : report.table)
        if report.leader == nil { LineWriter.error.write("muster: no leader was found") }
        return report.leader == nil ? 1 : 0
    case .backup(let settings):
        let backup = try Backup.fetch(
            from: settings.server, to: settings.path, replaces: settings.replaces,
            patienceMilliseconds: settings.timeoutMilliseconds)
        LineWriter.output.write(backup.summary)
        return 0
    case .restore(let settings):
        let restored = try Restore.run(
            from: settings.path, to: settings.dataDirectory, cluster: settings.clusterName,
            node: settings.node, members: settings.members)
        LineWriter.output.write(restored.summary)
        return 0
    case .inspectLog(let settings):
        return inspect {
            let report = try LogReport.inspect(settings.path)
            return (settings.printsJSON ? report.json : report.text, report.isSound)
        }
    case .inspectSnapshot(let settings):
        return inspect {
            let report = try SnapshotReport.inspect(settings.path)
            return (settings.printsJSON ? report.json : report.text, report.isSound)
        }
    case .bench(let settings):
        var bench = SnapshotBench()
        bench.instances = settings.instances ?? bench.instances
        bench.services = settings.services ?? bench.services
        bench.snapshots = settings.snapshots ?? bench.snapshots
        try bench.run { LineWriter.output.write($0) }
        return 0
    }
}

/// Prints what was found. Damage has an exit status of its own: that nothing could be looked at is another matter.
func inspect(_ look: () throws -> (text: String, isSound: Bool)) -> Int32 {
    do {
        let found = try look()
        LineWriter.output.write(found.text)
        return found.isSound ? 0 : 1
    } catch {
        LineWriter.error.write("muster: \(error)")
        return 2
    }
}

CurrentProcess.ignoreBrokenPipes()
do {
    let command = try MusterCommand(arguments: Array(CommandLine.arguments.dropFirst()))
    CurrentProcess.exit(try run(command))
} catch let error as UsageError {
    LineWriter.error.write("muster: \(error) ('muster help' explains the options)")
    CurrentProcess.exit(2)
} catch {
    LineWriter.error.write("muster: \(error)")
    CurrentProcess.exit(1)
}
