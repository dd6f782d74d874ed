/// The body of an answer that is too large to be held in memory: it is read in pieces, each when the client has
/// taken most of those before.
///
/// Confined to the loop's thread. The session lets go of it when the body is out or the client has gone.
package final class HTTPStream: Equatable {
    /// Reads the next piece and calls `then` with it once, later, on the loop; with nothing when it cannot be
    /// read. A piece is not empty and goes no further than the end.
    package typealias Read = (_ then: @escaping ([UInt8]?) -> Void) -> Void

    /// The length of the whole body.
    package let byteCount: UInt64
    let read: Read

    package init(byteCount: UInt64, read: @escaping Read) {
        self.byteCount = byteCount
        self.read = read
    }

    /// Whether both are one.
    package static func == (left: HTTPStream, right: HTTPStream) -> Bool { left === right }
}
