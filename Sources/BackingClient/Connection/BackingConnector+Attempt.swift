import NIOCore
import Time

extension BackingConnector {
    /// Begins to connect, for a connection that is kept up.
    ///
    /// - Parameter ended: on the event loop: the channel, and when the attempt began.
    func attempt(
        on eventLoop: any EventLoop,
        _ ended: @escaping (_ result: Result<any Channel, BackingError>, _ started: Instant) -> Void
    ) {
        let started = MonotonicClock.now()
        let address = self.configuration.address
        self.connect(on: eventLoop)
            .assumeIsolated()
            .whenComplete { result in
                let result = result.mapError { error in
                    error as? BackingError ?? .notReachable(address, reason: "the connection failed")
                }
                ended(result, started)
            }
    }
}

extension Channel {
    /// Adds a handler to a channel that is connected, and begins to read: a server may speak first, to say that it has no room, and without a
    /// handler its bytes would be lost. Throws where it is closed by then, and the handler would not hear of it.
    func addToConnected(_ handler: some ChannelHandler) throws {
        try self.pipeline.syncOperations.addHandler(handler)
        if !self.isActive { throw ChannelError.ioOnClosedChannel }
        try self.syncOptions?.setOption(.autoRead, value: true)
    }
}
