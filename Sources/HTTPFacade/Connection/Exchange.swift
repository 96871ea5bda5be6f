import NIOCore
import RESPProxy

/// One request being served, and how far its response has come.
struct Exchange {
    /// What the response waits for.
    enum Phase {
        /// Nothing, or the answer to who may read.
        case deciding
        case fill
        /// A large value, gathered whole to be made JSON of.
        case gathering(any LargeValueStream, ByteBuffer)
        /// A large value, passed on as it comes; `left` bytes are still to come, nil before it began.
        case streaming(any LargeValueStream, left: Int?)
    }

    /// Tells a late callback from one for this request.
    var number: UInt64
    var isHead: Bool
    var isKeepAlive: Bool
    /// An HTTP/1.0 client closes unless it is told that the connection stays.
    var announcesKeepAlive: Bool
    var started: NIODeadline
    var ifNoneMatch: String?
    var authorization: String?
    var representation = Representation.json
    var phase = Phase.deciding
    var cache: CacheOutcome?
    var status = 0
}
