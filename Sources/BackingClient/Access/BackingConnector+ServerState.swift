import NIOCore

extension BackingConnector {
    /// Reads, as the fill user and on a connection of its own, which server this is. Fails with ``BackingError``.
    public func readServerState(on eventLoop: any EventLoop) -> EventLoopFuture<ServerState> {
        let configuration = self.configuration
        return self.connect(on: eventLoop) { $0.eventLoop.makeSucceededVoidFuture() }.flatMap { channel in
            let promise = eventLoop.makePromise(of: ServerState.self)
            do {
                let handler = ServerStateHandler(configuration: configuration, promise: promise)
                try channel.pipeline.syncOperations.addHandler(handler)
                // It may have been closed before the handler was there to hear of it.
                if !channel.isActive { throw ChannelError.ioOnClosedChannel }
            } catch {
                channel.close(promise: nil)
                promise.fail(BackingError.closedConnection(configuration.address))
            }
            return promise.futureResult
        }
    }
}
