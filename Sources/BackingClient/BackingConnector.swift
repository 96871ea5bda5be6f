import NIOCore

/// Opens connections to the backing, for fills, relays and checks alike.
public struct BackingConnector: Sendable {
    public let configuration: BackingConfiguration

    public init(configuration: BackingConfiguration) {
        self.configuration = configuration
    }

    /// A connected channel, nobody logged in; the name is looked up anew, and look-up plus connect end within the connect time-out.
    ///
    /// The channel has `autoRead` as `options` leave it and TCP_NODELAY set. The future fails with a ``BackingError`` only.
    public func connect(
        on eventLoop: any EventLoop,
        initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
        fatalError("stub")
    }
}

/// A name and password as a client gives them.
public struct BackingCredentials: Hashable, Sendable {
    /// nil = the default user.
    public var username: String?
    public var password: String
    public init(username: String?, password: String) {
        self.username = username
        self.password = password
    }
}

extension BackingConnector {
    /// What the server says to somebody new.
    public enum Access: Sendable, Equatable {
        case granted
        /// The server's error text without the leading `-` (`NOAUTH …`, `WRONGPASS …`).
        case refused([UInt8])
    }

    /// Asks the server on a connection of its own, closed afterwards, whether `credentials` (nil: none at all) would be let in:
    /// `AUTH` if there are any, then `PING`. Fails with ``BackingError`` when the server cannot be asked.
    public func checkAccess(_ credentials: BackingCredentials?, on eventLoop: any EventLoop) -> EventLoopFuture<Access> {
        fatalError("stub")
    }
}
