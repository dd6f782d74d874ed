internal import Platform

/// Says what is wrong with the command line, and ends.
func fail(_ text: String) -> Never {
    print(text)
    CurrentProcess.exit(2)
}

let arguments = Array(CommandLine.arguments.dropFirst())

switch arguments.first {
case "simulate": CurrentProcess.exit(SimulateCommand.run(Array(arguments.dropFirst())) ? 0 : 1)
case let name?: fail("\(name) is not known:\n\(SimulateCommand.usage)")
case nil: fail("say what to do:\n\(SimulateCommand.usage)")
}
