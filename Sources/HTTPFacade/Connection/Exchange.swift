import NIOCore
import RESPProxy
import Time

/// One request being served, and how far its response has come. A class, since it is asked for in many places and has much to copy.
final class Exchange {
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
    let number: UInt64
    let isHead: Bool
    var isKeepAlive: Bool
    /// An HTTP/1.0 client closes unless it is told that the connection stays.
    let announcesKeepAlive: Bool
    let started: Instant
    /// nil: what came was none.
    let request: FacadeRequest?
    var representation = Representation.json
    var phase = Phase.deciding
    var cache: CacheOutcome?
    var status = 0

    init(
        _ request: FacadeRequest?, number: UInt64, isHead: Bool, isKeepAlive: Bool, announcesKeepAlive: Bool,
        started: Instant
    ) {
        self.request = request
        self.number = number
        self.isHead = isHead
        self.isKeepAlive = isKeepAlive
        self.announcesKeepAlive = announcesKeepAlive
        self.started = started
    }
}
