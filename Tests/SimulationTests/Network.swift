import BackingClient
import NIOCore
import NIOEmbedded

/// The connections between proxy and model server: what one side wrote stays here until the scheduler delivers it, in pieces.
final class Network {
    final class Connection {
        let number: Int
        let channel: EmbeddedChannel
        let server: ModelServer
        let client: ModelServer.Client
        var toServer: [UInt8] = []
        var toProxy: [UInt8] = []
        /// Until when nothing is delivered.
        var silentUntil: UInt64 = 0
        /// Told to the proxy's side that it is connected.
        var isEstablished = false

        init(number: Int, channel: EmbeddedChannel, server: ModelServer) {
            self.number = number
            self.channel = channel
            self.server = server
            self.client = server.connect()
        }
    }

    private(set) var connections: [Connection] = []
    private var pending: [(Connection, EventLoopPromise<any Channel>)] = []
    private var count = 0

    /// Stands for the sockets of ``BackingConnector``.
    func open(
        to server: ModelServer, on eventLoop: any EventLoop, _ initializer: (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
        let promise = eventLoop.makePromise(of: (any Channel).self)
        guard let loop = eventLoop as? EmbeddedEventLoop else {
            return eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let channel = EmbeddedChannel(loop: loop)
        channel.connect(to: Self.address, promise: nil)
        _ = initializer(channel)
        count += 1
        pending.append((Connection(number: count, channel: channel, server: server), promise))
        return promise.futureResult
    }

    /// Lets the oldest attempt to connect succeed.
    func establish() {
        guard !pending.isEmpty else { return }
        let (connection, promise) = pending.removeFirst()
        connections.append(connection)
        promise.succeed(connection.channel)
    }

    var hasPending: Bool { !pending.isEmpty }

    /// Takes what both sides wrote, and forgets connections that both have left.
    func collect() throws {
        for connection in connections {
            while let bytes = try connection.channel.readOutbound(as: ByteBuffer.self) {
                connection.toServer += bytes.readableBytesView
            }
            connection.toProxy += connection.client.outgoing
            connection.client.outgoing = []
            if !connection.channel.isActive, connection.toServer.isEmpty { connection.server.kill(connection.client) }
        }
        connections.removeAll { !$0.channel.isActive && $0.toServer.isEmpty }
    }

    static let address: SocketAddress? = try? SocketAddress(ipAddress: "127.0.0.1", port: 6379)
}

extension EmbeddedChannel {
    fileprivate func connect(to address: SocketAddress?, promise: EventLoopPromise<Void>?) {
        if let address { self.connect(to: address, promise: promise) }
    }
}
