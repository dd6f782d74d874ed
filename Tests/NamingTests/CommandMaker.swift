internal import Naming

/// Draws commands over so few names that they meet all the time.
struct CommandMaker {
    var random: SplitMix64
    /// Numbers that were given out, living or not.
    var numbers: [InstanceNumber] = []
    var time: UInt64 = 1_000_000

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    mutating func remember(_ answer: Answer) {
        switch answer {
        case .registered(let number, _), .beat(let number, _, _): numbers.append(number)
        default: break
        }
    }

    /// Goes on mostly in small steps, at times not at all or backwards, at times past all timeouts.
    mutating func nextTime() -> UInt64 {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<10: time += UInt64.random(in: 0...2_000, using: &random)
        case 10..<14: time += pick([0, 0, 1, 4_999, 5_000, 5_001])
        case 14..<16: time += pick([14_999, 15_000, 15_001, 30_000, 30_001])
        case 16: return time - UInt64.random(in: 0...100_000, using: &random)
        case 17: time += pick([59_999, 60_000, 60_001])
        default: break
        }
        return time
    }

    mutating func nextCommand() -> Command {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: .register(registration())
        case 25..<35: .beat(registration())
        case 35..<50: .beats(batch())
        case 50..<54: .disconnect(batch(), graceMilliseconds: pick([0, 1, 5_000, 40_000, .max]))
        case 54..<62: .update(service(), instance(), change())
        case 62..<65: .setHealth(service(), instance(), isHealthy: chance(50))
        case 65..<75: .deregister(service(), instance(), generation: pick([nil, nil, 1, 2, 3]))
        case 75..<78: .createService(service(), pick([nil, .ephemeral, .persistent]), settings())
        case 78..<80: .updateService(service(), settings())
        case 80..<84: .deleteService(service())
        default: .advanceTime
        }
    }

    private mutating func service() -> ServiceKey {
        ServiceKey(
            namespace: pick(["public", "dev"]), group: pick(["G", "H"]), name: pick(["a", "b"]))
    }

    private mutating func instance() -> InstanceKey {
        InstanceKey(
            ip: pick(["10.0.0.1", "10.0.0.2", "a-host-with-a-long-name.example"]),
            port: pick([80, 81]), clusterName: pick(["DEFAULT", "east"]))
    }

    private mutating func metadata() -> Metadata {
        pick([
            Metadata(), Metadata(), Metadata(["a": "1"]), Metadata(["b": "2", "a": "1"]),
            Metadata([Timers.timeoutKey: "6000", Timers.deleteTimeoutKey: "70000"]),
            Metadata([
                Timers.intervalKey: "1", Timers.timeoutKey: "1", Timers.deleteTimeoutKey: "1",
            ]),
            Metadata([Timers.deleteTimeoutKey: "7000"]), Metadata([Timers.intervalKey: "x"]),
            Metadata([
                Timers.intervalKey: "0", Timers.timeoutKey: "0", Timers.deleteTimeoutKey: "0",
            ]),
            Metadata([Timers.intervalKey: "16000"]),
            Metadata(["long": String(repeating: "x", count: 600)]),
            Metadata(["longer": String(repeating: "y", count: 600)]),
        ])
    }

    private mutating func registration() -> Registration {
        Registration(
            service: service(), instance: instance(), kind: chance(85) ? .ephemeral : .persistent,
            weight: pick([.one, .one, Weight(0.5) ?? .one]), isEnabled: chance(90),
            isHealthy: chance(85), metadata: metadata(), app: pick(["", "", "shop"]))
    }

    private mutating func change() -> InstanceChange {
        InstanceChange(
            weight: pick([nil, nil, Weight(7)]), isEnabled: pick([nil, nil, true, false]),
            isHealthy: pick([nil, nil, true, false]), app: pick([nil, nil, "cart"]),
            metadata: pick([
                nil, .replace(metadata()), .merge(metadata()), .remove(["a", Timers.timeoutKey]),
            ]))
    }

    private mutating func settings() -> ServiceSettings {
        ServiceSettings(
            protectThresholdThousandths: pick([0, 500, 1_000, 1_001]), metadata: metadata(),
            selector: pick(["", "{}"]))
    }

    private mutating func batch() -> BeatBatch {
        let recent = Array(numbers.suffix(12)) + [InstanceNumber(slot: 9_999, generation: 1)]
        return BeatBatch((0..<pick([0, 1, 3, 6])).map { _ in pick(recent) })
    }
}
