internal import Platform

/// `raft-lab`, built together with the tests: what is started as a node.
enum TestProgram {
    static func path() throws -> String {
        Directory.parent(of: try CurrentProcess.executablePath()) + "/raft-lab"
    }
}
