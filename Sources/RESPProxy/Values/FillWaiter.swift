import NIOCore

/// One who waits for a fill.
public protocol FillWaiter: AnyObject {
    /// Never another. Any thread may ask for it, and for nothing else.
    var eventLoop: any EventLoop { get }
    /// Called once on ``eventLoop`` for each read that answered ``ReadThrough/Reading/pending(lane:bypassesCache:)``, never from inside the
    /// read.
    ///
    /// - Parameters:
    ///   - request: The number given to the read.
    ///   - isNewerThanCache: What the cache has of the key may be older, as of now: nobody who was given the outcome may be given that
    ///     before a barrier.
    func fillEnded(request: UInt64, outcome: FillOutcome, isNewerThanCache: Bool)
}
