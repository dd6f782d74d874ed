internal import Foundation
internal import RaftTesting
internal import Testing

/// The stories in `Scenarios`, each told again and compared. `REWRITE=1 swift test` redraws them.
@Suite struct ScriptTests {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Scenarios")

    static var names: [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return all.filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test(arguments: Self.names) func `a story comes out as it is told`(name: String) throws {
        let file = Self.folder.appending(path: name)
        let told = try String(contentsOf: file, encoding: .utf8)
        let redrawn = try Script.redraw(told)
        #expect(!redrawn.contains("BROKEN"), "\(name)")
        if ProcessInfo.processInfo.environment["REWRITE"] != nil {
            try redrawn.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(redrawn == told, "\(name)")
        }
    }

    @Test func `there are stories`() {
        #expect(Self.names.count >= 25)
    }
}
