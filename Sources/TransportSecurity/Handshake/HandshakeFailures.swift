import Synchronization

/// Counts handshakes that failed, on whichever event loop. They are rare, and a connection costs more than a lock.
public final class HandshakeFailures: Sendable {
    private let state = Mutex<[TLSFailure: UInt64]>([:])

    /// None has failed.
    public init() {}

    /// How many have failed, and why.
    public var counts: [TLSFailure: UInt64] { self.state.withLock { $0 } }

    /// One has failed.
    public func happened(_ failure: TLSFailure) {
        self.state.withLock { $0[failure, default: 0] &+= 1 }
    }
}
