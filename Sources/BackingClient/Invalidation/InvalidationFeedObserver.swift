import NIOCore
import Time

/// Hears what the server announces, and of the feed's ups and downs, on its event loop and in their order.
public protocol InvalidationFeedObserver: AnyObject {
    /// From here on fill connections may redirect to it.
    ///
    /// - Parameter sent: when a question was sent that has been answered.
    func feedIsUp(_ identity: FeedIdentity, sent: Instant)
    /// Those keys have changed, in some database.
    func feedInvalidated(_ keys: [ByteBuffer])
    /// Everything may have changed.
    func feedInvalidatedAll()
    /// Something sent at that time has been answered: everything that the server had announced before `sent` has been told.
    func feedAnswered(sent: Instant)
    /// The connection was lost or could not be made; told for each failed attempt.
    ///
    /// - Parameter refusal: what the server does not do, if that is why.
    func feedIsDown(_ error: BackingError, refusal: FeedRefusal?)
}
