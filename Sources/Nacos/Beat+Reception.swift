package import Naming

/// What is to be done about a beat, as far as the applied state knows.
package enum BeatReception: Equatable, Sendable {
    /// Answer at once; `number`, if any, goes into the next batch of beats.
    case known(answer: NacosAnswer, number: InstanceNumber?)
    /// Commit this and answer its outcome: the beat registers its instance.
    case registers(Command)
    /// Answer at once: the client shall register, for a light beat says too little.
    case unknown(answer: NacosAnswer)
}

extension Beat {
    /// Looks the instance up. A beat of a persistent instance is answered and otherwise ignored.
    package func reception(in registry: Registry) -> BeatReception {
        guard let known = registry.beatTarget(target.instance, of: target.service) else {
            guard let registration else { return .unknown(answer: .unknownBeat()) }
            return .registers(.beat(Registration(target, registration)))
        }
        return .known(
            answer: .beat(intervalMilliseconds: known.intervalMilliseconds),
            number: known.isEphemeral ? known.number : nil)
    }
}

extension NacosAnswer {
    /// The beat was taken; the client sleeps for the interval until the next.
    static func beat(intervalMilliseconds: UInt32) -> NacosAnswer {
        beat(intervalMilliseconds: intervalMilliseconds, code: 10_200)
    }

    /// There is no such instance; Java registers again at once, others with their next full beat.
    static func unknownBeat() -> NacosAnswer {
        let standard = Timers.standard.intervalMilliseconds
        return beat(intervalMilliseconds: standard, code: 20_404)
    }

    private static func beat(intervalMilliseconds: UInt32, code: Int) -> NacosAnswer {
        NacosAnswer { json in
            json.member("clientBeatInterval", intervalMilliseconds)
            json.member("lightBeatEnabled", true)
            json.member("code", code)
        }
    }
}
