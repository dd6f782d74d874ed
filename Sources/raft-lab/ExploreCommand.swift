internal import Platform
internal import RaftTesting

/// `raft-lab explore`: visits all states that small clusters can reach.
enum ExploreCommand {
    static let usage = """
        usage: raft-lab explore [--preset NAME]... [--night] [--list] [--with BOUND=N]...
                                [--limit STATES]
                                [--no-symmetry] [--save FILE]

          --preset       what to explore; default: all that every change has to pass
          --night        explore those that take a night instead
          --list         only say what there is
          --with         other bounds, as proposals=2 (what --list names), link=1 or terms=3
          --limit        stop when so many states are known
          --no-symmetry  count states that differ in the names of nodes as different
          --save         write the story of a broken invariant to this file, which must not exist
        """

    /// Whether all held.
    static func run(_ arguments: [String]) -> Bool {
        let options = Options(arguments)
        if options.isList {
            for preset in ExplorationPreset.all { list(preset) }
            return true
        }
        for preset in options.presets {
            guard explore(preset, options) else { return false }
        }
        return true
    }

    private static func list(_ preset: ExplorationPreset) {
        print("\(preset.name)\(preset.isForEveryChange ? "" : " (night)"): \(preset.summary)")
        print("  \(preset.bounds)")
    }

    private static func explore(_ preset: ExplorationPreset, _ options: Options) -> Bool {
        do {
            print("\(preset.name): \(preset.bounds)")
            var explorer = try Explorer(
                preset, limit: options.limit, usesSymmetry: options.usesSymmetry)
            let report = explorer.run()
            for line in report.lines { print("  " + line) }
            guard let violation = report.violation else { return true }
            print("  BROKEN: \(violation)")
            let story = report.story ?? ""
            print(story)
            if let path = options.saved { try save(story, path) }
            return false
        } catch {
            fail("\(preset.name): \(error)")
        }
    }

    private static func save(_ story: String, _ path: String) throws {
        let file = try File(path, .readWrite, create: .always)
        try file.write(Array(story.utf8).span, at: 0)
    }

    /// What the command line asks for.
    private struct Options {
        var presets: [ExplorationPreset] = []
        var limit = Int.max
        var usesSymmetry = true
        var isList = false
        var saved: String?

        init(_ arguments: [String]) {
            var isNight = false
            var bounds: [String] = []
            var rest = arguments[...]
            while let word = rest.popFirst() {
                switch word {
                case "--night": isNight = true
                case "--list": isList = true
                case "--no-symmetry": usesSymmetry = false
                case "--preset": presets.append(Self.preset(rest.popFirst()))
                case "--save": saved = rest.popFirst()
                case "--with": bounds.append(rest.popFirst() ?? "")
                case "--limit":
                    guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else {
                        fail("--limit takes a number of states")
                    }
                    limit = number
                default: fail("\(word) is not known:\n\(usage)")
                }
            }
            if presets.isEmpty {
                presets = ExplorationPreset.all.filter { $0.isForEveryChange != isNight }
            }
            for bound in bounds {
                for i in presets.indices where !presets[i].setBound(bound) {
                    fail("\(bound) is no bound")
                }
            }
        }

        private static func preset(_ name: String?) -> ExplorationPreset {
            guard let preset = name.flatMap(ExplorationPreset.named) else {
                fail("\(name ?? "nothing") is no preset; --list tells them")
            }
            return preset
        }
    }
}
