/// A membership and the place of the entry that holds it.
public struct PlacedConfiguration: Hashable, Sendable {
    /// The entry's position.
    public var index: LogIndex
    /// The membership from this entry on.
    public var configuration: Configuration

    /// Joins the two.
    public init(index: LogIndex, configuration: Configuration) {
        self.index = index
        self.configuration = configuration
    }
}

/// The memberships of the log: the newest one counts from the moment it is appended, and no longer
/// once its entry is cut off (thesis §4.1).
struct ConfigurationHistory: Hashable, Sendable {
    /// The membership before all `changes`: the founding one, or that of the snapshot.
    private(set) var base: Configuration
    /// The memberships in the log after that, in order.
    private(set) var changes: [PlacedConfiguration]

    init(base: Configuration, changes: [PlacedConfiguration] = []) {
        self.base = base
        self.changes = changes
    }

    /// The newest membership.
    var current: Configuration { changes.last?.configuration ?? base }

    /// Where the newest membership stands; `zero` when no entry in reach holds it.
    var currentIndex: LogIndex { changes.last?.index ?? .zero }

    /// The membership at an entry that is not before the base.
    func configuration(at index: LogIndex) -> Configuration {
        changes.last { $0.index <= index }?.configuration ?? base
    }

    mutating func append(_ configuration: Configuration, at index: LogIndex) {
        invariant(index > currentIndex, "a membership at \(index) after one at \(currentIndex)")
        changes.append(PlacedConfiguration(index: index, configuration: configuration))
    }

    /// Forgets what stood at `first` and after it.
    mutating func truncate(from first: LogIndex) { changes.removeAll { $0.index >= first } }

    /// Starts from a snapshot that ends at `index`.
    mutating func compact(through index: LogIndex, _ configuration: Configuration) {
        base = configuration
        changes.removeAll { $0.index <= index }
    }
}
