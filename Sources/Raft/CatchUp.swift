/// How a learner gets near enough to the end of the log to vote (thesis §4.2.1).
///
/// Replication to it is cut into rounds: each ends when the learner has what the log held when the round
/// began. A round within one election timeout ends the matter: the rest can come as fast, so a cluster
/// that waits for this voter waits no longer than for an election. The core has no clock; what it has are
/// the ticks of the quorum check, an election timeout apart. A round without a tick in it was fast enough.
struct CatchUp: Hashable, Sendable {
    private var roundEnd: LogIndex
    private var hasTicked = false
    private(set) var isDone = false

    init(lastIndex: LogIndex) { roundEnd = lastIndex }

    /// Takes in how far the learner's log agrees, and where the leader's ends now.
    mutating func note(match: LogIndex, lastIndex: LogIndex) {
        guard !isDone, match >= roundEnd else { return }
        // A learner that has all there is would be through the next round at once; and in a log at rest
        // no answer would come to say so.
        if !hasTicked || match >= lastIndex { isDone = true }
        hasTicked = false
        roundEnd = lastIndex
    }

    /// An election timeout has passed.
    mutating func tick() { hasTicked = true }

    /// Writes how far the learner is.
    func encode(into writer: inout CanonicalWriter) {
        writer.add(roundEnd)
        writer.add(hasTicked)
        writer.add(isDone)
    }
}
