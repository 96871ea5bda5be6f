import NIOCore
import NIOEmbedded

/// The channels that were opened to a server; all in one thread.
final class OpenedChannels: @unchecked Sendable {
    private var channels: [EmbeddedChannel] = []
    /// Nobody can connect.
    var refuses = false
    /// That on which something was last sent.
    var last: EmbeddedChannel?

    func open(
        on eventLoop: any EventLoop, _ initializer: (any Channel) -> EventLoopFuture<Void>
    ) -> EventLoopFuture<any Channel> {
        guard !refuses, let loop = eventLoop as? EmbeddedEventLoop,
            let address = try? SocketAddress(ipAddress: "127.0.0.1", port: 6379)
        else { return eventLoop.makeFailedFuture(ChannelError.operationUnsupported) }
        let channel = EmbeddedChannel(loop: loop)
        channel.connect(to: address, promise: nil)
        _ = initializer(channel)
        channels.append(channel)
        return eventLoop.makeSucceededFuture(channel)
    }

    var all: [EmbeddedChannel] { channels }

    struct NothingOpened: Error {}

    func takeFirst() throws -> EmbeddedChannel {
        guard !channels.isEmpty else { throw NothingOpened() }
        return channels.removeFirst()
    }
}
