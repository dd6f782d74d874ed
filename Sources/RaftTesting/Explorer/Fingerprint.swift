/// A fingerprint of 128 bits: our own, the same on every machine and in every run.
///
/// Fingerprints of a state's parts are added up, so the order of what has none does not matter. Among
/// *n* states the chance that any two share one is about *n*²/2¹²⁹: nothing, for any *n* that fits a machine.
struct Fingerprint: Hashable, Comparable, Sendable {
    var low: UInt64
    var high: UInt64

    static let zero = Fingerprint(low: 0, high: 0)

    /// The fingerprint of some bytes; `kind` keeps apart what may have equal bytes.
    init(_ bytes: [UInt8], kind: UInt64) {
        var low = 0x9E37_79B9_7F4A_7C15 ^ kind
        var high = 0xC2B2_AE3D_27D4_EB4F &+ kind
        var word: UInt64 = 0
        var filled = 0
        for byte in bytes {
            word |= UInt64(byte) << UInt64(8 * filled)
            filled += 1
            guard filled == 8 else { continue }
            Self.mix(word, &low, &high)
            word = 0
            filled = 0
        }
        Self.mix(word, &low, &high)
        Self.mix(UInt64(bytes.count), &low, &high)
        self.low = low
        self.high = high
    }

    /// The fingerprint of a number.
    init(_ number: UInt64, kind: UInt64) {
        var low = 0x9E37_79B9_7F4A_7C15 ^ kind
        var high = 0xC2B2_AE3D_27D4_EB4F &+ kind
        Self.mix(number, &low, &high)
        self.low = low
        self.high = high
    }

    private init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inline(__always)
    private static func mix(_ word: UInt64, _ low: inout UInt64, _ high: inout UInt64) {
        let first = (low ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        let second = (high &+ word).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        low = first.high ^ first.low ^ second.high
        high = second.high ^ second.low &+ first.high
    }

    /// The same part at another place of an ordered list.
    @inline(__always) func at(_ place: Int) -> Fingerprint {
        let factor = 2 &* UInt64(truncatingIfNeeded: place) &+ 1
        return Fingerprint(
            low: low &* factor ^ (low >> 29) &* factor,
            high: high &* factor ^ (high >> 31) &* factor)
    }

    @inline(__always) static func += (left: inout Self, right: Self) {
        left.low &+= right.low
        left.high &+= right.high
    }

    @inline(__always) static func < (left: Self, right: Self) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

/// The states that have been seen: fingerprints in a table with open addressing.
struct FingerprintSet {
    private var slots: [Fingerprint]
    private(set) var count = 0
    private var mask: Int

    init() {
        slots = Array(repeating: .zero, count: 1 << 12)
        mask = slots.count - 1
    }

    /// The bytes of the table.
    var bytes: Int { slots.count * MemoryLayout<Fingerprint>.size }

    /// Adds a fingerprint.
    ///
    /// - Returns: Whether it is new.
    mutating func insert(_ fingerprint: Fingerprint) -> Bool {
        // All zeros mark a free slot; a state with that fingerprint takes its neighbour's.
        let wanted = fingerprint == .zero ? Fingerprint(1, kind: 0) : fingerprint
        if 4 * (count + 1) > 3 * slots.count { grow() }
        var place = Int(truncatingIfNeeded: wanted.low) & mask
        while slots[place] != .zero {
            if slots[place] == wanted { return false }
            place = (place + 1) & mask
        }
        slots[place] = wanted
        count += 1
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: .zero, count: 2 * old.count)
        mask = slots.count - 1
        for fingerprint in old where fingerprint != .zero {
            var place = Int(truncatingIfNeeded: fingerprint.low) & mask
            while slots[place] != .zero { place = (place + 1) & mask }
            slots[place] = fingerprint
        }
    }
}

/// Numbers under keys of 64 bits, with open addressing. A key is never 0.
struct NumberTable {
    private var keys: [UInt64]
    private var values: [UInt32]
    private(set) var count = 0

    init() {
        keys = Array(repeating: 0, count: 1 << 10)
        values = Array(repeating: 0, count: 1 << 10)
    }

    var bytes: Int { keys.count * 12 }

    @inline(__always)
    private static func start(_ key: UInt64, _ mask: Int) -> Int {
        let (high, low) = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: high ^ low) & mask
    }

    subscript(key: UInt64) -> UInt32? {
        let mask = keys.count - 1
        var place = Self.start(key, mask)
        while keys[place] != 0 {
            if keys[place] == key { return values[place] }
            place = (place + 1) & mask
        }
        return nil
    }

    mutating func insert(_ key: UInt64, _ value: UInt32) {
        if 4 * (count + 1) > 3 * keys.count { grow() }
        put(key, value)
        count += 1
    }

    private mutating func put(_ key: UInt64, _ value: UInt32) {
        let mask = keys.count - 1
        var place = Self.start(key, mask)
        while keys[place] != 0 { place = (place + 1) & mask }
        keys[place] = key
        values[place] = value
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        keys = Array(repeating: 0, count: 2 * oldKeys.count)
        values = Array(repeating: 0, count: 2 * oldKeys.count)
        for place in oldKeys.indices where oldKeys[place] != 0 {
            put(oldKeys[place], oldValues[place])
        }
    }
}
