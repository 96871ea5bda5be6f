import NIOCore
import RESPParser

/// Which protocols a port takes.
public enum ListenerProtocol: Sendable {
    /// RESP and HTTP, told apart by the first bytes.
    case both
    case resp
    case http
}

/// What the listener needs of the HTTP side, on one event loop.
public protocol HTTPSide: AnyObject {
    /// Adds the handlers of an HTTP connection whose first bytes have been read; they are fired through the pipeline afterwards.
    func configure(_ channel: any Channel) throws
    /// A whole response for a client that is turned away.
    func refusal(_ reason: LoopMetrics.Refusal) -> ByteBuffer
}

/// Stands first in a new connection: waits for its first bytes, then makes it a RESP or an HTTP connection, for good; or turns it away.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: ProxyLoop
    private let accepts: ListenerProtocol
    private let refusal: LoopMetrics.Refusal?
    private var received = ByteBuffer()
    private var firstBytes = FirstBytes()
    private var isDecided = false
    private var deadline: Scheduled<Void>?

    /// How long a client that is turned away may take to show its protocol.
    static let refusalDelay = TimeAmount.seconds(1)
    /// How long a first line that looks like HTTP may take.
    static let firstLineDelay = TimeAmount.seconds(60)

    init(loop: ProxyLoop, accepts: ListenerProtocol, refusal: LoopMetrics.Refusal?) {
        self.loop = loop
        self.accepts = loop.httpSide == nil ? .resp : accepts
        self.refusal = refusal
    }

    /// What the metrics count the connection as; it outlives this handler.
    private final class Identity {
        var wireProtocol = LoopMetrics.WireProtocol.undetermined
    }

    private let identity = Identity()

    private func identify(_ wireProtocol: LoopMetrics.WireProtocol) {
        identity.wireProtocol = wireProtocol
        loop.metrics.connectionIdentified(as: wireProtocol)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        loop.metrics.connectionOpened()
        context.channel.closeFuture.assumeIsolated().whenComplete { [loop, identity] _ in
            loop.metrics.connectionClosed(identity.wireProtocol)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        if refusal != nil {
            schedule(Self.refusalDelay, context) { $0.decide(.resp, $1) }
        } else if let idle = loop.configuration.idleTimeout {
            schedule(idle, context) { $1.close(promise: nil) }
        }
        context.read()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        // A span needs an owner that stays: without run-time checks of exclusive access, a class's property is none.
        let received = received
        let verdict =
            switch accepts {
            case .resp: FirstBytes.Verdict.resp
            case .http: FirstBytes.Verdict.http
            case .both: firstBytes.verdict(on: received.readableBytesSpan)
            }
        decide(verdict, context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Once it is decided, whoever comes next asks for more.
        if !isDecided { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func decide(_ verdict: FirstBytes.Verdict, _ context: ChannelHandlerContext) {
        if verdict == .undecided {
            if deadline == nil { schedule(Self.firstLineDelay, context) { $1.close(promise: nil) } }
            return
        }
        isDecided = true
        deadline?.cancel()
        if let refusal {
            refuse(refusal, verdict, context)
            return
        }
        do {
            let pipeline = context.pipeline.syncOperations
            if verdict == .http, let httpSide = loop.httpSide {
                identify(.http)
                try httpSide.configure(context.channel)
            } else {
                identify(.resp)
                if let idle = loop.configuration.idleTimeout {
                    try pipeline.addHandler(IdleStateHandler(allTimeout: idle))
                }
                try pipeline.addHandler(RESPSession(loop: loop, channel: context.channel))
            }
            let first = received
            received = ByteBuffer()
            context.fireChannelRead(wrapInboundOut(first))
            context.fireChannelReadComplete()
            pipeline.removeHandler(self, promise: nil)
        } catch {
            loop.faults.clientFailed(error)
            context.close(promise: nil)
        }
    }

    private func refuse(_ refusal: LoopMetrics.Refusal, _ verdict: FirstBytes.Verdict, _ context: ChannelHandlerContext)
    {
        loop.metrics.connectionRefused(refusal)
        var reply = ByteBuffer()
        if verdict == .http, let httpSide = loop.httpSide {
            reply = httpSide.refusal(refusal)
        } else {
            RESPEncoder.error(refusal.text, into: &reply)
        }
        context.write(wrapOutboundOut(reply), promise: nil)
        context.closeBehindWrites()
    }

    private func schedule(
        _ delay: TimeAmount, _ context: ChannelHandlerContext,
        _ body: @escaping (ProtocolDetector, ChannelHandlerContext) -> Void
    ) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [self] in body(self, context) }
    }
}
