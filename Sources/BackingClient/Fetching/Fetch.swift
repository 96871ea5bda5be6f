import NIOCore

/// Who has values fetched on a fill lane.
public protocol FetchReceiver: AnyObject {
    /// Called once for each fetch, on the lane's event loop, never before ``FillLane/fetch(_:)`` returns.
    func fetchEnded(_ fetch: Fetch, with reply: FillReply)
}

/// What is to be read of a key, and for whom.
///
/// Not a closure: that would take memory for what it captures, once here and once more wherever it is passed on as a generic value.
public struct Fetch {
    /// What is read.
    public let read: KeyRead
    /// The key, as the server knows it.
    public let key: ByteBuffer
    /// Whatever the receiver tells its fetches apart by.
    public let tag: UInt64
    private let receiver: any FetchReceiver

    /// A fetch that has not been sent yet.
    public init(_ read: KeyRead, key: ByteBuffer, tag: UInt64, receiver: any FetchReceiver) {
        self.read = read
        self.key = key
        self.tag = tag
        self.receiver = receiver
    }

    func end(with reply: FillReply) { self.receiver.fetchEnded(self, with: reply) }
}
