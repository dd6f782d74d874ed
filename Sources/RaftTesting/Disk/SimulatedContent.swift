/// What a simulated file holds: as processes see it, on the device, and the changes between the two.
final class SimulatedContent {
    enum Change {
        case write(Int, [UInt8])
        case size(Int)
    }

    /// Bytes from the start of a file; from the end of the array up to `size` all are zero.
    struct Image: Equatable {
        var bytes: [UInt8] = []
        var size = 0

        mutating func apply(_ change: Change) {
            switch change {
            case .write(let offset, let new):
                let end = offset + new.count
                if bytes.count < end {
                    bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
                }
                bytes.replaceSubrange(offset..<end, with: new)
                size = max(size, end)
            case .size(let newSize):
                if bytes.count > newSize { bytes.removeSubrange(newSize...) }
                size = newSize
            }
        }

        mutating func flip(_ bits: UInt8, at offset: Int) {
            guard offset < size else { return }
            apply(.write(offset, [(offset < bytes.count ? bytes[offset] : 0) ^ bits]))
        }

        func sector(_ number: Int) -> [UInt8] {
            let start = number * SimulatedFileSystem.sectorBytes
            var sector = [UInt8](repeating: 0, count: SimulatedFileSystem.sectorBytes)
            for i in start..<max(start, min(start + sector.count, bytes.count)) {
                sector[i - start] = bytes[i]
            }
            return sector
        }
    }

    private(set) var live = Image()
    private var durable = Image()
    private var unsynced: [Change] = []
    /// Where the bytes ended that were written by the last syncs that made the file longer, the newest last.
    private var syncedEnds: [Int] = []
    private var writtenEnd = 0
    /// How much of it a program vouches for, as it has said itself.
    private var vouchedEnd = 0

    /// The bytes from the start that were on the device before the last three syncs of something new, or that
    /// a program vouches for.
    ///
    /// Whatever a program writes about what it has synced is on the device itself by now.
    var settledBytes: Int {
        min(live.size, max(vouchedEnd, syncedEnds.count < 4 ? 0 : syncedEnds[0]))
    }

    /// Takes it that all that is synced is vouched for, but the last `sparing` bytes.
    func vouch(sparing: Int) {
        vouchedEnd = max(vouchedEnd, (syncedEnds.last ?? 0) - sparing)
    }

    var size: Int { live.size }

    func read(_ count: Int, at offset: Int) -> [UInt8] {
        let end = min(live.size, offset + max(0, count))
        guard offset < end else { return [] }
        var result = Array(live.bytes[min(offset, live.bytes.count)..<min(end, live.bytes.count)])
        result.append(contentsOf: repeatElement(0, count: end - offset - result.count))
        return result
    }

    func change(_ change: Change) {
        live.apply(change)
        unsynced.append(change)
        switch change {
        case .write(let offset, let bytes):
            // Zeros only fill up, or wipe out what was there.
            if let last = bytes.lastIndex(where: { $0 != 0 }) {
                writtenEnd = max(writtenEnd, offset + last + 1)
            } else if offset + bytes.count >= writtenEnd {
                forgetWritten(from: offset)
            }
        case .size(let size): forgetWritten(from: size)
        }
    }

    /// The file is used again for something else: nothing of what it holds counts any more.
    func beginAnew() { forgetWritten(from: 0) }

    private func forgetWritten(from offset: Int) {
        guard offset < writtenEnd else { return }
        writtenEnd = offset
        syncedEnds = []
        vouchedEnd = min(vouchedEnd, offset)
    }

    func sync() {
        guard !unsynced.isEmpty else { return }
        for change in unsynced { durable.apply(change) }
        unsynced.removeAll()
        // Writing the same once more, as a recovery does, vouches for nothing.
        guard writtenEnd > syncedEnds.last ?? 0 else { return }
        syncedEnds.append(writtenEnd)
        if syncedEnds.count > 4 { syncedEnds.removeFirst() }
    }

    /// A failed sync: the cache counts as clean, and the device never gets it.
    func loseUnsynced() { unsynced.removeAll() }

    func flip(_ bits: UInt8, at offset: Int) {
        live.flip(bits, at: offset)
        durable.flip(bits, at: offset)
    }

    /// Decides what of the unsynced changes had reached the device; that is all there is from now on.
    func crash(path: String, _ survival: (UnsyncedChange) -> Survival) {
        guard !unsynced.isEmpty else {
            live = durable
            return
        }
        var result = durable
        let (sizes, sectors) = versions()
        for (number, versions) in sectors {
            let change = UnsyncedChange(
                path: path, part: .sector(number), versions: versions.count - 1)
            let choice = survival(change)
            let version = min(max(choice.version, 0), versions.count - 1)
            var sector = versions[version]
            if let torn = choice.tornBytes, version > 0 {
                let kept = min(max(torn, 0), sector.count)
                sector.replaceSubrange(kept..., with: versions[version - 1][kept...])
            }
            result.apply(.write(number * SimulatedFileSystem.sectorBytes, sector))
        }
        let choice = survival(
            UnsyncedChange(path: path, part: .size, versions: sizes.count - 1))
        result.apply(.size(sizes[min(max(choice.version, 0), sizes.count - 1)]))
        durable = result
        live = result
        unsynced.removeAll()
    }

    /// All that each size and each touched sector has been since the last sync, the oldest first.
    private func versions() -> (sizes: [Int], sectors: [(number: Int, versions: [[UInt8]])]) {
        var image = durable
        var sizes = [durable.size]
        var sectors: [Int: [[UInt8]]] = [:]
        for change in unsynced {
            let before = image
            image.apply(change)
            if image.size != sizes[sizes.count - 1] { sizes.append(image.size) }
            for number in touched(by: change, before) {
                sectors[number, default: [before.sector(number)]].append(image.sector(number))
            }
        }
        return (sizes, sectors.keys.sorted().map { ($0, sectors[$0] ?? []) })
    }

    private func touched(by change: Change, _ image: Image) -> Range<Int> {
        let sector = SimulatedFileSystem.sectorBytes
        switch change {
        case .write(let offset, let bytes):
            return offset / sector..<(offset + bytes.count + sector - 1) / sector
        case .size(let size):
            guard size < image.bytes.count else { return 0..<0 }
            return size / sector..<(image.bytes.count + sector - 1) / sector
        }
    }
}
