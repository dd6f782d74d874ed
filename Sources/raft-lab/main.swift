internal import Platform
internal import RaftBench

/// Says what is wrong with the command line, and ends.
func fail(_ text: String) -> Never {
    print(text)
    CurrentProcess.exit(2)
}

let arguments = Array(CommandLine.arguments.dropFirst())

let usage = [
    SimulateCommand.usage, ExploreCommand.usage, ReplayCommand.usage, StorageCommand.usage,
    BenchCommand.usage,
].joined(separator: "\n\n")
let rest = Array(arguments.dropFirst())

switch arguments.first {
case "simulate": CurrentProcess.exit(SimulateCommand.run(rest) ? 0 : 1)
case "explore": CurrentProcess.exit(ExploreCommand.run(rest) ? 0 : 1)
case "replay": CurrentProcess.exit(ReplayCommand.run(rest) ? 0 : 1)
case "storage": CurrentProcess.exit(StorageCommand.run(rest) ? 0 : 1)
case KillLoop.childName: CurrentProcess.exit(KillChild.run(rest))
case NodeProcess.name: CurrentProcess.exit(NodeProcess.run(rest))
case NodeProcess.cleanerName: CurrentProcess.exit(NodeProcess.clean(rest))
case "bench": CurrentProcess.exit(BenchCommand.run(rest) ? 0 : 1)
case let name?: fail("\(name) is not known:\n\(usage)")
case nil: fail("say what to do:\n\(usage)")
}
