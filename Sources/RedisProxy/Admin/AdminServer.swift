import NIOCore
import NIOHTTP1
import NIOPosix
import Time
import TransportSecurity

/// The admin server: `/healthz`, `/readyz` and `/metrics` over HTTP/1.1, on an address of its own.
struct AdminServer: Sendable {
    private static let maxConnections = 32
    private static let idleTimeout = TimeSpan.seconds(75)

    private let channel: any Channel

    /// The port that it listens on, also where any free one was asked for.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Listens on `host` and `port` (0 = any free one).
    ///
    /// - Parameter tls: nil = plaintext.
    /// - Throws: ``StartupError`` when that is not possible.
    static func start(
        host: String, port: Int, tls: ListenerTLS? = nil, eventLoop: any EventLoop, responder: AdminResponder
    ) async throws -> AdminServer {
        // Listener and connections share one loop, so their number needs no lock.
        let openConnections = NIOLoopBoundBox.makeEmptyBox(valueType: Int.self, eventLoop: eventLoop)
        let bootstrap = ServerBootstrap(group: eventLoop, childGroup: eventLoop)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                // Without it a process that is out of descriptors would spin on accept.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let open = openConnections.value ?? 0
                    guard open < maxConnections else { throw ChannelError.inputClosed }
                    openConnections.value = open + 1
                    channel.closeFuture.whenComplete { _ in openConnections.value = (openConnections.value ?? 1) - 1 }
                    try configure(channel.pipeline.syncOperations, responder: responder)
                    try tls?.begin(on: channel)
                }
            }
        do {
            return AdminServer(channel: try await bootstrap.bind(host: host, port: port).get())
        } catch {
            throw StartupError.cannotListen(
                host: host, port: port, hostOption: OptionTable.adminHost, portOption: OptionTable.adminPort,
                error: error)
        }
    }

    /// Stops listening.
    func close() async throws {
        try await channel.close()
    }

    private static func configure(
        _ pipeline: ChannelPipeline.SynchronousOperations, responder: AdminResponder
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8 << 10
        limits.maxHeaderListSize = 16 << 10
        limits.maxHeaderFieldCount = 64
        try pipeline.addHandler(IdleStateHandler(allTimeout: TimeAmount(idleTimeout)))
        try pipeline.configureHTTPServerPipeline(
            withEncoderConfiguration: HTTPResponseEncoder.Configuration(), withDecoderLimitConfiguration: limits)
        try pipeline.addHandler(AdminHandler(responder: responder))
    }
}
