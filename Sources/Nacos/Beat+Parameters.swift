internal import Naming

// Beats come with a JSON text that describes the whole instance (`beat=`), or, from Java once it
// was told that this is enough, without.

/// The beat text. Fields that no server needs any more (load, cpu, rt, …) are ignored.
private struct BeatText: Decodable {
    var ip: LenientText?
    var port: LenientNumber?
    var cluster: LenientText?
    var weight: LenientNumber?
    var ephemeral: LenientBool?
    var metadata: [String: LenientText]?
}

extension Beat {
    init(_ parameters: Parameters) throws(NacosError) {
        let service = try ServiceKey(parameters)
        let candidates = parameters.candidates("beat")
        guard !candidates.isEmpty else {
            target = try InstanceTarget(parameters)
            return
        }
        for candidate in candidates {
            guard let text = decodeJSON(BeatText.self, from: candidate) else { continue }
            target = try Self.target(of: text, service: service, parameters)
            registration = try Self.fields(of: text, parameters)
            return
        }
        throw .illegal("beat", "it should be a JSON object.")
    }

    /// What the text says counts more than the parameters, the cluster included.
    private static func target(
        of text: BeatText, service: ServiceKey, _ parameters: Parameters
    ) throws(NacosError) -> InstanceTarget {
        guard let ip = nonBlank(text.ip?.text) ?? parameters.text("ip") else {
            throw .missing("ip")
        }
        var port = try parameters.integer("port", in: 0...65_535)
        if let number = text.port?.value {
            guard let whole = Int(exactly: number) else {
                throw .illegal("port", "the value should be between 0 and 65535")
            }
            port = whole
        }
        guard let port else { throw .missing("port") }
        let cluster =
            nonBlank(text.cluster?.text) ?? parameters.text("clusterName", "cluster")
        let target = try InstanceTarget(
            service: service, ip: ip, port: port, clusterName: cluster)
        try checkRegisteredClusterName(target.instance.clusterName)
        return target
    }

    private static func fields(
        of text: BeatText, _ parameters: Parameters
    ) throws(NacosError) -> InstanceFields {
        var fields = InstanceFields()
        if let weight = text.weight?.value { fields.weight = try checkedWeight(weight) }
        fields.kind = text.ephemeral?.value == false ? .persistent : .ephemeral
        let metadata = Metadata((text.metadata ?? [:]).mapValues(\.text))
        _ = try checkedTimers(metadata)
        fields.metadata = metadata
        fields.app = parameters.text("app")
        return fields
    }

    private static func nonBlank(_ text: String?) -> String? {
        guard let text = text.map({ trimmed($0) }), !text.isEmpty else { return nil }
        return text
    }
}
