import NIOCore

/// Reads a ``ServerState`` on one channel and closes it.
final class ServerStateHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let sections = ["server", "replication", "commandstats"]

    private let configuration: BackingConfiguration
    private let limit: TimeAmount
    private var reader = FeedReader()
    private var awaitsLogin: Bool
    private var replies: [[UInt8]] = []
    private var promise: EventLoopPromise<ServerState>?
    private var timer: Scheduled<Void>?

    init(configuration: BackingConfiguration, promise: EventLoopPromise<ServerState>) {
        self.configuration = configuration
        self.limit = configuration.tracking?.timeout ?? configuration.connectTimeout
        self.awaitsLogin = configuration.password != nil
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var bytes = ByteBuffer()
        if let password = configuration.password {
            let credentials = BackingCredentials(username: configuration.username, password: password)
            HiredisCommand.append(credentials.command, to: &bytes)
        }
        for section in Self.sections {
            HiredisCommand.append([Array("INFO".utf8), Array(section.utf8)], to: &bytes)
        }
        HiredisCommand.append([Array("MGET".utf8), Array("redis-proxy".utf8)], to: &bytes)
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: self.limit) {
            self.finish(.failure(.silent(self.configuration.address, for: self.limit)), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.promise != nil else { return }
        self.reader.append(self.unwrapInboundIn(data))
        do {
            while self.promise != nil, case .reply(let reply) = try self.reader.next() {
                self.received(reply, context)
            }
        } catch {
            self.finish(.failure(.nonsense(self.configuration.address, error)), context)
        }
    }

    /// Whether all sections are there and only `MGET` is unanswered.
    private var isLast: Bool { self.replies.count == Self.sections.count }

    private func received(_ reply: BackingReply, _ context: ChannelHandlerContext) {
        switch reply {
        case .ok where self.awaitsLogin:
            self.awaitsLogin = false
        case .bulk(let info) where !self.awaitsLogin:
            self.replies.append(Array(info.readableBytesView))
        case .array where self.isLast:
            self.finish(.success(ServerState(replies: self.replies, mayReadTogether: true)), context)
        case .error(let text) where self.isLast && text.starts(with: "NOPERM ".utf8):
            // Refused is the command, or only the key that it was tried on: then the text has no quotation marks.
            let isCommand = text.contains(UInt8(ascii: "'"))
            self.finish(.success(ServerState(replies: self.replies, mayReadTogether: !isCommand)), context)
        case .error(let text):
            self.finish(.failure(.server(BackingCredentials.withoutEcho(text))), context)
        default:
            let violation = ReplyViolation(reason: "not a reply to what was asked")
            self.finish(.failure(.nonsense(self.configuration.address, violation)), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.finish(.failure(.closedConnection(self.configuration.address)), context)
    }

    private func finish(_ result: Result<ServerState, BackingError>, _ context: ChannelHandlerContext) {
        guard let promise else { return }
        self.promise = nil
        self.timer?.cancel()
        self.timer = nil
        promise.completeWith(result.mapError { $0 })
        context.close(promise: nil)
    }
}
