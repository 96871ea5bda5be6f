import BackingClient

/// A server that Sentinels name as the primary.
public struct Primary: Hashable, Sendable {
    /// As they announce it.
    public var address: BackingAddress
    /// Of the configuration in which it is that: the higher one is the newer.
    public var epoch: UInt64

    /// A primary as Sentinels name it.
    public init(address: BackingAddress, epoch: UInt64) {
        self.address = address
        self.epoch = epoch
    }
}
