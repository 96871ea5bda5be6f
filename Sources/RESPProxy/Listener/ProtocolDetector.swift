import NIOCore
import NIOTLS
import RESPParser
import Time
import TransportSecurity

/// Who has connected.
enum Visitor {
    case client
    /// A client that is turned away.
    case refused(LoopMetrics.Refusal)
    /// The proxy itself, which looks whether it gets an answer.
    case probe

    /// Whether it is served.
    var isServed: Bool { if case .client = self { true } else { false } }
    var isProbe: Bool { if case .probe = self { true } else { false } }
}

/// Stands first in a new connection: waits for its first bytes, then makes it a RESP or an HTTP connection, for good, inside TLS where it begins
/// so; or turns it away.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: ProxyLoop
    private let httpSide: (any HTTPSide)?
    private let tls: ListenerTLS?
    private var visitor: Visitor
    /// Where the client is, as far as is known.
    private var client: SocketAddress?
    /// Whom the client's certificate names.
    private var user: CertificateUser?
    private var received = ByteBuffer()
    private var opening: Opening
    private var isDecided = false
    private var isShakingHands = false
    private var deadline: Scheduled<Void>?

    /// How long a client that is turned away may take to show its protocol.
    static let refusalDelay = TimeSpan.seconds(1)
    /// How long a header of the PROXY protocol may take.
    static let headerDelay = TimeSpan.seconds(10)
    /// How long a first line that looks like HTTP may take, and the beginning of what may be a header of the PROXY protocol.
    static let firstLineDelay = TimeSpan.seconds(60)

    /// - Parameters:
    ///   - httpSide: Takes the HTTP connections; nil = everything is RESP.
    ///   - tls: nil = the port does not speak it.
    ///   - requiresHeader: whether a header of the PROXY protocol must come first.
    init(
        loop: ProxyLoop, httpSide: (any HTTPSide)?, accepts: ListenerProtocol, tls: ListenerTLS?, visitor: Visitor,
        requiresHeader: Bool
    ) {
        self.loop = loop
        self.httpSide = httpSide
        // The proxy itself looks whether it gets an answer, not which.
        self.tls = visitor.isProbe ? nil : tls
        self.visitor = visitor
        opening = Opening(
            accepts: httpSide == nil ? .resp : accepts,
            encryption: self.tls.map { $0.allowsPlaintext ? .offered : .required } ?? .none,
            requiresHeader: requiresHeader)
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
        client = context.remoteAddress
        guard !visitor.isProbe else { return }
        loop.metrics.connectionOpened()
        context.channel.closeFuture.assumeIsolated().whenComplete { [loop, identity] _ in
            loop.metrics.connectionClosed(identity.wireProtocol)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        awaitFirstBytes(context)
        context.read()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        lookAtBytes(context)
    }

    private func lookAtBytes(_ context: ChannelHandlerContext) {
        guard received.readableBytes > 0 else { return }
        // A span needs an owner that stays: without run-time checks of exclusive access, a class's property is none.
        let received = received
        carryOut(opening.step(on: received.readableBytesSpan), context)
    }

    private func carryOut(_ step: Opening.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .wait(let otherwise):
            guard deadline == nil else { return }
            schedule(Self.firstLineDelay, context) {
                if let otherwise { $0.carryOut(otherwise, $1) } else { $1.close(promise: nil) }
            }
        case .skip(let header): skip(header, context)
        case .close(let failure): headerFailed(failure, context)
        case .beginTLS: beginTLS(context)
        case .speaks(let verdict): decide(verdict, context)
        case .refuse(let refusal, let verdict): decide(verdict, refusing: refusal, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Once it is decided, whoever comes next asks for more.
        if !isDecided { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        if case TLSUserEvent.handshakeCompleted = event {
            isShakingHands = false
            identifyClient(context)
            awaitFirstBytes(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func identifyClient(_ context: ChannelHandlerContext) {
        guard let tls, visitor.isServed else { return }
        switch tls.identify(context.channel) {
        case .nobody: break
        case .user(let user) where user.credentials != nil: self.user = user
        case .user(let user):
            visitor = .refused(.certificateUser)
            loop.faults.certificateRefused("no password is known of whom it names", user: user)
        case .refused(let reason):
            visitor = .refused(.certificateName)
            loop.faults.certificateRefused(reason)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        // One that ends before its first byte is no mistake: so a port is asked whether it is there.
        if !isDecided, opening.awaitsHeader, received.readableBytes > 0 {
            loop.faults.headerFailed(.closed, from: client)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        handshakeFailed(TLSFailure(error) ?? .closed)
        context.close(promise: nil)
    }

    private func awaitFirstBytes(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        if !visitor.isServed {
            schedule(Self.refusalDelay, context) { $0.decide(.resp, $1) }
        } else if opening.awaitsHeader {
            let limit = min(loop.live.idleTimeout ?? Self.headerDelay, Self.headerDelay)
            schedule(limit, context) { $0.headerFailed(.timedOut, $1) }
        } else if let idle = loop.live.idleTimeout {
            schedule(idle, context) { $1.close(promise: nil) }
        }
    }

    /// The header is whole: `PROTECTED_MODE` judges whom it names, beside the socket's peer, who was judged before.
    private func skip(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        received.moveReaderIndex(forwardBy: header.length)
        var isOnThisMachine = true
        switch header.origin {
        case .sender: break
        case .unknown: isOnThisMachine = false
        case .client(let address):
            client = address
            isOnThisMachine = address.isLoopback
        }
        if visitor.isServed, !isOnThisMachine, loop.deniesRemoteClients { visitor = .refused(.protectedMode) }
        awaitFirstBytes(context)
        lookAtBytes(context)
    }

    private func headerFailed(_ failure: ProxyHeaderFailure, _ context: ChannelHandlerContext) {
        isDecided = true
        loop.faults.headerFailed(failure, from: client)
        context.close(promise: nil)
    }

    private func beginTLS(_ context: ChannelHandlerContext) {
        guard let tls else { return }
        deadline?.cancel()
        let longest = TimeSpan(ListenerTLS.handshakeLimit)
        let limit = min(loop.live.idleTimeout ?? longest, longest)
        schedule(visitor.isServed ? limit : Self.refusalDelay, context) {
            $0.handshakeFailed(.timedOut)
            $1.close(promise: nil)
        }
        isShakingHands = true
        do {
            try tls.begin(on: context.channel)
            let first = received
            received = ByteBuffer()
            context.pipeline.syncOperations.fireChannelRead(wrapInboundOut(first))
        } catch {
            loop.faults.clientFailed(error)
            context.close(promise: nil)
        }
    }

    private func handshakeFailed(_ failure: TLSFailure) {
        guard isShakingHands else { return }
        isShakingHands = false
        loop.metrics.handshakeFailed(failure)
    }

    /// - Parameter refusal: why a client is turned away by what it has sent.
    private func decide(
        _ verdict: FirstBytes.Verdict, refusing refusal: LoopMetrics.Refusal? = nil, _ context: ChannelHandlerContext
    ) {
        isDecided = true
        deadline?.cancel()
        switch (visitor, refusal) {
        case (.client, let refusal?): refuse(refusal, verdict, context)
        case (.client, nil): serve(verdict, context)
        case (.refused(let refusal), _): refuse(refusal, verdict, context)
        case (.probe, _): answer(nil, verdict, context)
        }
    }

    private func refuse(
        _ refusal: LoopMetrics.Refusal, _ verdict: FirstBytes.Verdict, _ context: ChannelHandlerContext
    ) {
        loop.metrics.connectionRefused(refusal)
        if refusal == .proxyHeader { loop.faults.headerRefused(from: client) }
        answer(refusal, verdict, context)
    }

    private func serve(_ verdict: FirstBytes.Verdict, _ context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            if verdict == .http, let httpSide = httpSide {
                identify(.http)
                try httpSide.configure(context.channel, client: client, user: user)
            } else {
                identify(.resp)
                if let idle = loop.live.idleTimeout {
                    try pipeline.addHandler(IdleStateHandler(allTimeout: TimeAmount(idle)))
                }
                try pipeline.addHandler(
                    RESPSession(loop: loop, channel: context.channel, client: client, user: user))
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

    /// Answers and closes.
    ///
    /// - Parameter refusal: nil: the proxy itself has asked, and any answer will do.
    private func answer(
        _ refusal: LoopMetrics.Refusal?, _ verdict: FirstBytes.Verdict, _ context: ChannelHandlerContext
    ) {
        var reply = ByteBuffer()
        switch (refusal, verdict, httpSide) {
        case (let refusal?, .http, let httpSide?): reply = httpSide.refusal(refusal)
        case (let refusal?, _, _): RESPEncoder.error(refusal.text, into: &reply)
        case (nil, .http, _): reply.writeStaticString("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        case (nil, _, _): reply.writeStaticString("+PONG\r\n")
        }
        context.write(wrapOutboundOut(reply), promise: nil)
        context.closeBehindWrites()
    }

    private func schedule(
        _ delay: TimeSpan, _ context: ChannelHandlerContext,
        _ body: @escaping (ProtocolDetector, ChannelHandlerContext) -> Void
    ) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            body(self, context)
        }
    }
}
