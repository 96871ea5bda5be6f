import NIOCore

extension BackingConnector {
    /// Reads, as the fill user and on a connection of its own, which server this is. Fails with ``BackingError``.
    public func readServerState(on eventLoop: any EventLoop) -> EventLoopFuture<ServerState> {
        let limit = self.configuration.tracking?.timeout ?? self.configuration.connectTimeout
        return self.ask(
            ServerStateQuestion(address: self.configuration.address), as: self.configuration.credentials, within: limit,
            on: eventLoop)
    }
}
