import NIOCore
import NIOPosix
import RESPProxy
import Synchronization
import Time

/// Looks whether the ports for clients answer, as a client sees it: connects, sends something, and waits for a byte. Which byte does not matter.
///
/// However often it is asked, it looks once a second at most; whoever asks meanwhile gets what was seen last.
final class DataPortProbe: Sendable {
    /// From when one look began to when the next may.
    static let interval = TimeSpan.seconds(1)
    /// For the answer.
    static let timeout = TimeSpan.milliseconds(1500)

    private struct Target: Sendable {
        var address: SocketAddress
        var question: [UInt8]
    }

    private struct State {
        var targets: [Target] = []
        var isStopping = false
        var last: (began: Instant, answers: EventLoopFuture<Bool>)?
    }

    private let probes: OwnProbes
    private let eventLoop: any EventLoop
    private let proxyProtocolFrom: [AddressBlock]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - probes: those that the listeners know of.
    ///   - proxyProtocolFrom: from where the listeners take nothing without a header of the PROXY protocol.
    init(probes: OwnProbes, eventLoop: any EventLoop, proxyProtocolFrom: [AddressBlock] = []) {
        self.probes = probes
        self.eventLoop = eventLoop
        self.proxyProtocolFrom = proxyProtocolFrom
    }

    /// A port that is to answer from here on.
    func add(_ address: SocketAddress?, speaksHTTPOnly: Bool) {
        guard let address = address?.reachable else { return }
        let question = speaksHTTPOnly ? "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" : "PING\r\n"
        // A connection to an address of this machine comes from that address.
        let isHeaderRequired = IPAddress(address).map(proxyProtocolFrom.contain) ?? false
        let bytes = (isHeaderRequired ? ProxyHeader.local : []) + Array(question.utf8)
        state.withLock { $0.targets.append(Target(address: address, question: bytes)) }
    }

    /// The ports are about to close, and not by a fault.
    func stop() { state.withLock { $0.isStopping = true } }

    /// Whether clients are let in no longer.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Whether all ports have answered.
    func answers() async -> Bool {
        let answers = state.withLock { state in
            let now = MonotonicClock.now()
            if let last = state.last, now < last.began + Self.interval { return last.answers }
            guard !state.targets.isEmpty else { return eventLoop.makeSucceededFuture(false) }
            let looks = state.targets.map { look(at: $0) }
            let answers = EventLoopFuture.whenAllSucceed(looks, on: eventLoop).map { $0.allSatisfy { $0 } }
            state.last = (now, answers)
            return answers
        }
        return (try? await answers.get()) ?? false
    }

    private func look(at target: Target) -> EventLoopFuture<Bool> {
        let promise = eventLoop.makePromise(of: Bool.self)
        let deadline = eventLoop.scheduleTask(in: TimeAmount(Self.timeout)) { promise.succeed(false) }
        let connected = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(Self.timeout))
            .bind(to: target.address.anyLocal)
            .channelInitializer { [probes] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ProbeHandler(question: target.question, probes: probes, answered: promise)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(to: target.address)
        connected.whenFailure { _ in promise.succeed(false) }
        promise.futureResult.whenComplete { _ in
            deadline.cancel()
            connected.whenSuccess { $0.close(promise: nil) }
        }
        return promise.futureResult
    }
}

/// Asks, and waits for the first byte.
private final class ProbeHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let question: [UInt8]
    private let probes: OwnProbes
    private let answered: EventLoopPromise<Bool>

    init(question: [UInt8], probes: OwnProbes, answered: EventLoopPromise<Bool>) {
        self.question = question
        self.probes = probes
        self.answered = answered
    }

    func connect(context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?) {
        // It is bound by now. Before the listener can see it, it must be known.
        if let port = context.localAddress?.port {
            probes.began(from: port)
            context.channel.closeFuture.whenComplete { [probes] _ in probes.ended(from: port) }
        }
        context.connect(to: address, promise: promise)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: question)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answered.succeed(true)
    }

    func channelInactive(context: ChannelHandlerContext) {
        answered.succeed(false)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

extension SocketAddress {
    /// Where a listener at this address can be reached from this machine.
    fileprivate var reachable: SocketAddress {
        let port = port ?? 0
        switch ipAddress {
        case "0.0.0.0": return (try? SocketAddress(ipAddress: "127.0.0.1", port: port)) ?? self
        case "::": return (try? SocketAddress(ipAddress: "::1", port: port)) ?? self
        default: return self
        }
    }

    /// Any local address of the same family, and any free port.
    fileprivate var anyLocal: SocketAddress {
        var address = (try? SocketAddress(ipAddress: "0.0.0.0", port: 0)) ?? self
        if case .v6 = self { address = (try? SocketAddress(ipAddress: "::", port: 0)) ?? self }
        return address
    }
}
