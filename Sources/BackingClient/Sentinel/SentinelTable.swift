import NIOCore

/// Tells a Sentinel from a server, by the commands that it has.
enum SentinelTable {
    private static let sentinel = Array("$8\r\nsentinel\r\n".utf8)
    private static let get = Array("$3\r\nget\r\n".utf8)
    /// A Sentinel has some twenty commands; no server has so few.
    private static let limit = 16_384

    /// - Parameter reply: The whole raw reply to `COMMAND`.
    static func isOfSentinel(_ reply: ByteBuffer) -> Bool {
        guard reply.readableBytes < limit else { return false }
        let bytes = Array(reply.readableBytesView)
        return bytes.firstRange(of: sentinel) != nil && bytes.firstRange(of: get) == nil
    }
}
