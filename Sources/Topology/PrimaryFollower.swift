import NIOCore

/// Who has connections to the primary, and values that were read from it.
public protocol PrimaryFollower: Sendable {
    /// There is no primary from now on.
    ///
    /// - Parameter close: Closes all connections to the one that was; nothing that was learned of it may be given out while that goes on, and
    ///   nothing of it may be left afterwards.
    /// - Returns: Done when nothing is left.
    func primaryIsLeft(_ close: @escaping @Sendable () -> EventLoopFuture<Void>) -> EventLoopFuture<Void>
    /// There is one: it may be connected to.
    func primaryIsFound()
}
