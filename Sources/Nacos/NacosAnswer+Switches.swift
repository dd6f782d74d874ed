/// The switches of a server that a client or an operator may read.
///
/// Those that this server honours are arguments; the others have no counterpart here and show the
/// values under which a Nacos server behaves as this one does.
package struct SwitchView: Equatable, Sendable {
    package var beatIntervalMilliseconds: UInt32 = 5_000
    package var cacheMilliseconds: UInt32 = 3_000
    package var pushCacheMilliseconds: UInt32 = 10_000
    /// Whether lists are pushed to clients by UDP; a door that does so turns this on.
    package var isPushEnabled = false
    package var isHealthCheckEnabled = true
    package var checkTimes = 3
    package var isLightBeatEnabled = true
    package var isAuthenticationEnabled = false
    package var overriddenStatus: ServerStatus?

    package init() {}
}

extension NacosAnswer {
    package static func switches(_ view: SwitchView) -> NacosAnswer {
        NacosAnswer { json in
            json.member("name", "00-00---000-NACOS_SWITCH_DOMAIN-000---00-00")
            json.member("masters", literal: "null")
            json.member("adWeightMap", literal: "{}")
            json.member("defaultPushCacheMillis", view.pushCacheMilliseconds)
            json.member("clientBeatInterval", view.beatIntervalMilliseconds)
            json.member("defaultCacheMillis", view.cacheMilliseconds)
            json.member("distroThreshold", 0.7)
            json.member("healthCheckEnabled", view.isHealthCheckEnabled)
            json.member("autoChangeHealthCheckEnabled", true)
            json.member("distroEnabled", true)
            json.member("enableStandalone", true)
            json.member("pushEnabled", view.isPushEnabled)
            json.member("checkTimes", view.checkTimes)
            json.probe("httpHealthParams", max: 5000, min: 500, factor: 0.85)
            json.probe("tcpHealthParams", max: 5000, min: 1000, factor: 0.75)
            json.probe("mysqlHealthParams", max: 3000, min: 2000, factor: 0.65)
            json.lesserSwitches(view)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func probe(_ name: String, max: Int, min: Int, factor: Double) {
        member(
            name,
            object: { json in
                json.member("max", max)
                json.member("min", min)
                json.member("factor", factor)
            })
    }

    fileprivate mutating func lesserSwitches(_ view: SwitchView) {
        member("incrementalList", literal: "[]")
        member("serverStatusSynchronizationPeriodMillis", 2000)
        member("serviceStatusSynchronizationPeriodMillis", 5000)
        member("disableAddIP", false)
        member("sendBeatOnly", false)
        member("lightBeatEnabled", view.isLightBeatEnabled)
        member("limitedUrlMap", literal: "{}")
        member("distroServerExpiredMillis", 10_000)
        member("pushGoVersion", "0.1.0")
        member("pushJavaVersion", "0.1.0")
        member("pushPythonVersion", "0.4.3")
        member("pushCVersion", "1.0.12")
        member("pushCSharpVersion", "0.9.0")
        member("enableAuthentication", view.isAuthenticationEnabled)
        if let status = view.overriddenStatus {
            member("overriddenServerStatus", status.rawValue)
        } else {
            member("overriddenServerStatus", literal: "null")
        }
        member("defaultInstanceEphemeral", true)
        member("healthCheckWhiteList", literal: "[]")
        member("checksum", literal: "null")
    }
}
