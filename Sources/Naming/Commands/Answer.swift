package import Wire

/// What came of a command. The same on every node; the doors turn it into their words.
package enum Answer: Equatable, Sendable {
    /// The instance is registered; `isNew` when it was not before.
    case registered(InstanceNumber, isNew: Bool)
    /// The beat of one instance was taken; `isNew` when it registered the instance.
    case beat(InstanceNumber, intervalMilliseconds: UInt32, isNew: Bool)
    /// So many of a batch of beats or of broken connections were of living registrations.
    case beats(known: Int)
    /// The command took effect, or there was nothing left to do.
    case done
    /// Time went on, and so many things changed.
    case advanced(unhealthy: Int, removedInstances: Int, removedServices: Int)
    /// There is no such service.
    case serviceNotFound
    /// There is no such instance, though the service may exist.
    case instanceNotFound
    /// The service holds instances of this other kind.
    case kindMismatch(serviceKind: InstanceKind)
    /// The instance has been registered anew since the generation that the command names.
    case staleGeneration(current: UInt32)
    /// There is such a service already.
    case serviceAlreadyExists
    /// The service cannot be deleted while it has instances.
    case serviceHasInstances
    /// The health of an ephemeral instance follows its beats and is not set by hand.
    case healthFollowsBeats
    /// The command would be refused in any state.
    case refused(Refusal)
    /// The bytes are no command. Nothing changed, not even the clock.
    case malformed(DecodeError)
}
