internal import Foundation
internal import Testing

/// The example of the documentation compiles here, runs here, and is shown as it is.
@Suite struct SimulationExampleTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    @Test func `the article shows the file that is compiled`() throws {
        let example = try String(
            contentsOf: Self.tests.appending(path: "SimulationExample.swift"), encoding: .utf8)
        let root = Self.tests.deletingLastPathComponent().deletingLastPathComponent()
        let article = try String(
            contentsOf: root.appending(path: "Sources/RaftTesting/RaftTesting.docc/Simulating.md"),
            encoding: .utf8)
        #expect(article.contains("```swift\n" + example + "```"))
    }

    @Test func `a bank under faults keeps its money`() {
        #expect(simulateBank(seeds: 0..<6) == [])
    }
}
