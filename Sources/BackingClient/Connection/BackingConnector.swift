import NIOCore
import NIOPosix
import Time

/// Opens connections to a server, for fills, relays and checks alike.
///
/// Over its files it is longer than 300 lines: whatever is asked on a connection of its own (who is let in, the server's role, its limits) is an
/// extension of it, beside the type of the answer.
public struct BackingConnector: Sendable {
    /// Where the backing is, and the time-outs.
    public private(set) var configuration: BackingConfiguration

    /// A connector to the one server that `configuration` names, or to the one at `location`, where that is given.
    public init(configuration: BackingConfiguration, location: ServerLocation? = nil) {
        self.configuration = configuration
        self.location = location
        self.open = nil
        self.generator = { SystemRandomNumberGenerator() }
    }

    /// A connector to a server that is only simulated.
    ///
    /// - Parameters:
    ///   - generator: makes what the delays before the next attempt are drawn from.
    ///   - open: stands for the socket.
    package init(
        configuration: BackingConfiguration, location: ServerLocation? = nil,
        generator: @escaping @Sendable () -> any RandomNumberGenerator,
        open: @escaping Opener
    ) {
        self.configuration = configuration
        self.location = location
        self.open = open
        self.generator = generator
    }

    /// Opens a channel and initializes it.
    package typealias Opener =
        @Sendable (any EventLoop, @Sendable (any Channel) -> EventLoopFuture<Void>) -> EventLoopFuture<any Channel>

    /// nil: the server is where the configuration says, always.
    private var location: ServerLocation?
    private let open: Opener?
    private let generator: @Sendable () -> any RandomNumberGenerator

    /// What the delays before the next attempt are drawn from.
    func makeGenerator() -> any RandomNumberGenerator {
        self.generator()
    }

    /// A connected channel that does not read by itself, nobody logged in; the name is looked up anew. Look-up, connect and, where the
    /// backing speaks TLS, handshake end within the connect time-out.
    ///
    /// Where the channel is TCP its socket is set as ``BackingConfiguration/tcp`` says. The future fails with a ``BackingError`` only.
    public func connect(on eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        guard let location else { return self.connectDirectly(on: eventLoop) }
        return location.connect(on: eventLoop) { self.at($0).connectDirectly(on: eventLoop) }
    }

    /// The server has said something that the one that is meant would not say: where servers change it is asked anew which one that is.
    public func serverIsDoubted() { self.location?.doubt() }

    /// What has become of a connection that was lost: where the server has been left, that is why.
    func cause(of error: BackingError) -> BackingError { self.location?.absence ?? error }

    /// The same, to a server at a place that is certain.
    public func at(_ place: ServerPlace) -> BackingConnector {
        var configuration = self.configuration
        configuration.address = place.address
        if let host = place.announced.host { configuration.tls = configuration.tls?.expecting(host) }
        var connector = self
        connector.configuration = configuration
        connector.location = nil
        return connector
    }

    private func connectDirectly(on eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        let started = MonotonicClock.now()
        let connected = self.connectPlainly(on: eventLoop) { $0.setOption(.autoRead, value: false) }
        guard let tls = self.configuration.tls, self.open == nil else { return connected }
        return connected.flatMap { self.secure($0, tls, started: started) }
    }

    /// The same without TLS.
    ///
    /// - Parameter initializer: runs once for each address that is tried, so it may run several times for one connection.
    func connectPlainly(
        on eventLoop: any EventLoop, initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
        if let open { return open(eventLoop, initializer) }
        let address = self.configuration.address
        let tcp = self.configuration.tcp
        // SwiftNIO looks names up on a queue beside the event loop. Its time-out covers the look-up too, and it closes
        // what comes late, so none of our own is needed.
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(self.configuration.connectTimeout))
            .channelInitializer { channel in
                if case .tcp = address { _ = tcp.apply(to: channel) }
                return initializer(channel)
            }
        return Self.connect(bootstrap, to: address, on: eventLoop).flatMapErrorThrowing { error in
            throw error as? BackingError
                ?? BackingError.notReachable(address, reason: ConnectFailure.reason(for: error))
        }
    }

    private static func connect(
        _ bootstrap: ClientBootstrap, to address: BackingAddress, on eventLoop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        switch address {
        case .tcp(let host, let port):
            // No detour over the look-up queue for what is no name.
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                return bootstrap.connect(to: address)
            }
            return bootstrap.connect(host: host, port: port)
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path)
        case .primary(let name):
            return eventLoop.makeFailedFuture(BackingError.noPrimary(of: name, because: "nobody looks for it"))
        }
    }
}
