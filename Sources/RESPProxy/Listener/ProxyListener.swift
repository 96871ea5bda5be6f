import NIOCore
import NIOPosix
import TransportSecurity

/// Accepts clients on one port.
public final class ProxyListener: Sendable {
    private let channel: any Channel

    /// The address that it listens on; its port is the one really taken.
    public var address: SocketAddress? { channel.localAddress }

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Binds; nobody is accepted before ``accept()``.
    ///
    /// - Parameters:
    ///   - group: The event loops of `loops`.
    ///   - tls: nil = clients speak plaintext only.
    ///   - probes: connections of the proxy's own: answered, but neither counted nor served.
    /// - Throws: What NIO throws where the port is taken, not permitted, or the name does not resolve.
    public static func bind(
        host: String, port: Int, on group: any EventLoopGroup, accepts: ListenerProtocol, tls: ListenerTLS?,
        loops: any EventLoopPartsSource,
        limit: ConnectionLimit, probes: OwnProbes
    ) async throws -> ProxyListener {
        let bootstrap = bootstrap(on: group, accepts: accepts, tls: tls, loops: loops, limit: limit, probes: probes)
        return try await listener(on: bootstrap.bind(host: host, port: port).get(), loops)
    }

    /// Binds a Unix socket, on which plaintext is spoken; its file must not be there yet.
    public static func bind(
        socket path: String, on group: any EventLoopGroup, accepts: ListenerProtocol, loops: any EventLoopPartsSource,
        limit: ConnectionLimit, probes: OwnProbes
    ) async throws -> ProxyListener {
        let bootstrap = bootstrap(on: group, accepts: accepts, tls: nil, loops: loops, limit: limit, probes: probes)
        return try await listener(on: bootstrap.bind(unixDomainSocketPath: path).get(), loops)
    }

    private static func bootstrap(
        on group: any EventLoopGroup, accepts: ListenerProtocol, tls: ListenerTLS?, loops: any EventLoopPartsSource,
        limit: ConnectionLimit, probes: OwnProbes
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                // Without it a process that is out of descriptors would spin on accept.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 18, high: 1 << 20))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let parts = loops.parts(of: channel.eventLoop)
                    let loop = parts.loop
                    if channel.localAddress?.port != nil, let refusal = loop.live.clientTCP.apply(to: channel) {
                        loop.faults.optionRefused(refusal)
                    }
                    let isProbe = probes.include(channel)
                    let detector = ProtocolDetector(
                        loop: loop, httpSide: parts.httpSide, accepts: accepts, tls: tls,
                        visitor: isProbe ? .probe : admit(channel, to: loop, limit),
                        requiresHeader: requiresHeader(channel, loop.configuration.proxyProtocolFrom))
                    try channel.pipeline.syncOperations.addHandler(detector)
                    if !isProbe { loop.channelOpened(channel) }
                }
            }
    }

    private static func listener(on channel: any Channel, _ loops: any EventLoopPartsSource) async throws
        -> ProxyListener
    {
        try await channel.eventLoop.submit {
            let handler = AcceptFaultHandler(faults: loops.parts(of: channel.eventLoop).loop.faults)
            try channel.pipeline.syncOperations.addHandler(handler)
        }.get()
        return ProxyListener(channel: channel)
    }

    /// Whether the other side must say first for whom it has connected.
    private static func requiresHeader(_ channel: any Channel, _ senders: [AddressBlock]) -> Bool {
        guard !senders.isEmpty, channel.localAddress?.port != nil else { return false }
        // Who is gone already cannot be looked up, and must not get past for that.
        guard let remote = channel.remoteAddress.flatMap({ IPAddress($0) }) else { return true }
        return senders.contain(remote)
    }

    private static func admit(_ channel: any Channel, to loop: ProxyLoop, _ limit: ConnectionLimit) -> Visitor {
        if loop.deniesRemoteClients, let remote = channel.remoteAddress, !remote.isLoopback {
            return .refused(.protectedMode)
        }
        guard limit.take() else { return .refused(.maxConnections) }
        channel.closeFuture.whenComplete { _ in limit.giveBack() }
        return .client
    }

    /// Accepts clients from here on, those too who have been waiting since the bind.
    public func accept() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// Stops accepting.
    public func close() async {
        try? await channel.close()
    }
}
