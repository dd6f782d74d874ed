/// A directory of a simulated file system: the names now, those on the device, and the changes between.
final class SimulatedDirectory {
    enum Node {
        case file(SimulatedContent)
        case directory(SimulatedDirectory)
    }

    enum Change {
        case link(String, Node)
        case rename(String, String, Node)
        case unlink(String)

        var name: String {
            switch self {
            case .link(let name, _), .rename(_, let name, _), .unlink(let name): name
            }
        }

        func apply(to names: inout [String: Node]) {
            switch self {
            case .link(let name, let node): names[name] = node
            case .rename(let from, let to, let node):
                names[from] = nil
                names[to] = node
            case .unlink(let name): names[name] = nil
            }
        }
    }

    private(set) var live: [String: Node] = [:]
    private var durable: [String: Node] = [:]
    private var unsynced: [Change] = []

    func change(_ change: Change, durably: Bool) {
        change.apply(to: &live)
        unsynced.append(change)
        if durably { sync() }
    }

    func removeEverything() {
        live = [:]
        durable = [:]
        unsynced = []
    }

    func sync() {
        for change in unsynced { change.apply(to: &durable) }
        unsynced.removeAll()
    }

    var byteCount: Int {
        live.values.reduce(0) { sum, node in
            switch node {
            case .file(let content): sum + content.size
            case .directory(let directory): sum + directory.byteCount
            }
        }
    }

    func paths(under prefix: String) -> [String] {
        var paths: [String] = []
        for name in live.keys.sorted() {
            switch live[name] {
            case .file?: paths.append(prefix + "/" + name)
            case .directory(let directory)?: paths += directory.paths(under: prefix + "/" + name)
            case nil: break
            }
        }
        return paths
    }

    /// Decides which changes of names had reached the device, then goes on to what they name.
    func crash(path: String, _ survival: (UnsyncedChange) -> Survival) {
        for change in unsynced {
            let item = UnsyncedChange(
                path: path + "/" + change.name, part: .name, versions: 1)
            if survival(item).version > 0 { change.apply(to: &durable) }
        }
        unsynced.removeAll()
        live = durable
        for name in live.keys.sorted() {
            switch live[name] {
            case .file(let content)?: content.crash(path: path + "/" + name, survival)
            case .directory(let directory)?: directory.crash(path: path + "/" + name, survival)
            case nil: break
            }
        }
    }
}
