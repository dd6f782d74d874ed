/// Stops the process when the program contradicts itself; says why, which a failing `precondition`
/// does not do in an optimised build.
@inline(__always)
func invariant(_ holds: Bool, _ message: @autoclosure () -> String) {
    if !holds { fatalError("storage: \(message())") }
}
