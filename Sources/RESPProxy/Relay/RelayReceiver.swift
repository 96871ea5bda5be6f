import BackingClient
import NIOCore

/// Who the replies of a connection of a session's own are for.
protocol RelayReceiver: AnyObject {
    /// Whether replies are matched to commands; otherwise bytes are only passed on.
    var matchesReplies: Bool { get }
    /// A reply, or a push, begins with this byte.
    ///
    /// - Returns: How it is dealt with; nil where replies have ceased to be matched.
    func treatReply(type: UInt8) -> ReplyTreatment?
    /// A frame has ended.
    func replyEnded(_ reply: ReplyGlimpse)
    /// A frame has ended that was to be judged; whether it answers a question of the proxy's own, and so is not passed on.
    func judge(_ reply: ReplyGlimpse) -> Bool
    /// The whole of a frame in which something is replaced, as it is passed on.
    func withOwnIdentifiers(_ frame: ByteBuffer, _ reply: IdentifierReply) -> ByteBuffer
    /// The server has answered a question of the connection's own.
    func ownQuestionAnswered()
    /// Whether more may be read from the server now.
    var takesMore: Bool { get }
    /// Bytes of replies, after the events for what they contain.
    func relayed(_ bytes: ByteBuffer)
    func relayReadCompleted()
    func relayBecameWritable()
    /// The connection has ended; `error` is set where it was the server's fault, `isInsideReply` where a reply was cut.
    func relayEnded(error: BackingError?, isInsideReply: Bool)
}
