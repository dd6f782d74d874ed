/// A part of the disk that has changed since it was last synced.
public struct UnsyncedChange: Hashable, Sendable {
    /// What kind of part.
    public enum Part: Hashable, Sendable {
        /// A sector of a file, by its number.
        case sector(Int)
        /// The size of a file.
        case size
        /// A name: made, renamed or removed.
        case name
    }

    /// The file, or the name.
    public var path: String
    /// The part.
    public var part: Part
    /// How often it has changed. Version 0 is what was synced, this one the newest.
    public var versions: Int
}

/// What is found of a part after a crash.
public struct Survival: Hashable, Sendable {
    /// The version that had reached the device.
    public var version: Int
    /// When set, of a sector only so many bytes are of that version, the rest of the one before.
    public var tornBytes: Int?

    /// Makes a choice.
    public init(version: Int, tornBytes: Int? = nil) {
        self.version = version
        self.tornBytes = tornBytes
    }
}

extension SimulatedFileSystem {
    /// Takes the power away: of all that is not synced only what `survival` says is left.
    ///
    /// It is asked in an order that is the same in every run. Afterwards failures are no longer injected,
    /// until they are ordered anew.
    public func crash(_ survival: (UnsyncedChange) -> Survival) {
        beginLife()
        root.crash(path: "", survival)
    }

    /// A crash that loses whatever is not synced.
    public func crashKeepingNothing() { crash { _ in Survival(version: 0) } }

    /// A crash right after the system had written everything out.
    public func crashKeepingEverything() { crash { Survival(version: $0.versions) } }

    /// A crash in which each part is drawn for itself, some sectors torn.
    public func crash<Dice: RandomNumberGenerator>(using dice: inout Dice) {
        // A whole crash leans one way or the other, so that the extremes are met as well.
        let lean = Int.random(in: 0...4, using: &dice)
        crash { change in
            let roll = Int.random(in: 0..<4, using: &dice)
            if roll >= lean { return Survival(version: 0) }
            let version = Int.random(in: 0...change.versions, using: &dice)
            let isTorn = Int.random(in: 0..<8, using: &dice) == 0
            return Survival(
                version: version,
                tornBytes: isTorn ? Int.random(in: 0..<Self.sectorBytes, using: &dice) : nil)
        }
    }

    /// Ends a process, not the machine: what it wrote is still in the cache, its handles are dead.
    public func endProcess() { beginLife() }

    /// Puts an empty disk in the place of this one. Handles opened before are dead.
    public func removeEverything() {
        beginLife()
        root.removeEverything()
    }
}
