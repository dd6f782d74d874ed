// What can be said against a command without knowing the registry. The doors ask before they propose;
// `Registry.apply` asks again, for whatever came into the log.

extension Command {
    /// Why the command would be refused in any state, if it would.
    package var refusal: Refusal? {
        do {
            try check()
            return nil
        } catch {
            return error
        }
    }

    private func check() throws(Refusal) {
        switch self {
        case .register(let registration), .beat(let registration):
            try registration.check()
        case .beats(let batch), .disconnect(let batch, _):
            guard batch.count <= Limits.maxBeats else { throw .limit(.beats, Limits.maxBeats) }
        case .update(let service, let instance, let change):
            try service.check()
            try instance.check()
            try change.check()
        case .setHealth(let service, let instance, _), .deregister(let service, let instance, _):
            try service.check()
            try instance.check()
        case .createService(let service, _, let settings),
            .updateService(let service, let settings):
            try service.check()
            try settings.check()
        case .deleteService(let service):
            try service.check()
        case .advanceTime: break
        }
    }
}

extension ServiceKey {
    func check() throws(Refusal) {
        try namespace.checkLength(.namespaceID, Limits.maxNamespaceBytes)
        try group.checkLength(.groupName, Limits.maxGroupBytes)
        try name.checkLength(.serviceName, Limits.maxServiceNameBytes)
    }
}

extension InstanceKey {
    func check() throws(Refusal) {
        try ip.checkLength(.ip, Limits.maxIPBytes)
        try clusterName.checkLength(.clusterName, Limits.maxClusterNameBytes)
    }
}

extension Registration {
    func check() throws(Refusal) {
        try service.check()
        try instance.check()
        try metadata.checkSize()
        _ = try Timers(metadata)
        try app.checkLength(.app, Limits.maxAppBytes, mayBeEmpty: true)
    }
}

extension InstanceChange {
    func check() throws(Refusal) {
        try app?.checkLength(.app, Limits.maxAppBytes, mayBeEmpty: true)
        switch metadata {
        case nil: break
        case .replace(let metadata), .merge(let metadata): try metadata.checkSize()
        case .remove(let keys):
            let bytes = keys.reduce(0) { $0 + $1.utf8.count }
            guard bytes <= Limits.maxMetadataBytes, keys.count <= Limits.maxDecodedPairs else {
                throw .limit(.metadata, Limits.maxMetadataBytes)
            }
        }
    }
}

extension ServiceSettings {
    func check() throws(Refusal) {
        guard protectThresholdThousandths <= Limits.maxProtectThresholdThousandths else {
            throw .limit(.protectThreshold, Limits.maxProtectThresholdThousandths)
        }
        try metadata.checkSize()
        try selector.checkLength(.selector, Limits.maxSelectorBytes, mayBeEmpty: true)
    }
}

extension Metadata {
    func checkSize() throws(Refusal) {
        guard byteCount <= Limits.maxMetadataBytes else {
            throw .limit(.metadata, Limits.maxMetadataBytes)
        }
    }
}

extension String {
    fileprivate func checkLength(
        _ field: Field, _ limit: Int, mayBeEmpty: Bool = false
    ) throws(Refusal) {
        guard mayBeEmpty || !isEmpty else { throw .missing(field) }
        guard utf8.count <= limit else { throw .limit(field, limit) }
    }
}
