internal import Foundation

/// The files of this checkout, found from where this file was compiled.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file below `Sources` and `Tests`, in the order of their paths.
    static let files: [SourceText] = ["Sources", "Tests"].flatMap(swiftFiles).sorted {
        $0.path < $1.path
    }

    /// Every Swift file below `Sources`.
    static var sources: [SourceText] { files.filter { $0.path.hasPrefix("Sources/") } }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func swiftFiles(below folder: String) -> [SourceText] {
        let paths =
            (try? FileManager.default.subpathsOfDirectory(
                atPath: root.appending(path: folder).path)) ?? []
        return paths.filter { $0.hasSuffix(".swift") }.compactMap { path in
            guard let text = try? text("\(folder)/\(path)") else { return nil }
            return SourceText(path: "\(folder)/\(path)", text: text)
        }
    }
}
