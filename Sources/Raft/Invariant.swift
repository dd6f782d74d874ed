/// Stops the process when something that must always hold does not.
///
/// For our own mistakes only: what a peer, a client or a disk does wrong is an effect or an error.
/// `fatalError` and not `precondition`, whose message is lost in an optimised build.
@inline(__always)
func invariant(_ holds: Bool, _ message: @autoclosure () -> String) {
    if !holds { fatalError("Raft invariant broken: \(message())") }
}
