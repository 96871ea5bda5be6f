import NIOCore
import NIOHTTP1
import NIOPosix
import Time
import TransportSecurity

/// `--health`: asks the admin server of the proxy that runs with the same settings whether clients get an answer.
///
/// Only `/healthz` counts: a backing that is away is no reason to restart the proxy. Whether it is away, `/readyz` tells.
struct HealthCheck: Sendable {
    struct Result: Equatable, Sendable {
        let isHealthy: Bool
        /// For a person to read.
        let line: String
    }

    let host: String
    /// nil = there is no admin server.
    let port: Int?
    var speaksTLS = false
    var timeout: TimeSpan = .seconds(2)

    func run() async -> Result {
        guard let port, port != 0 else {
            return Result(
                isHealthy: false,
                line:
                    "unhealthy: ADMIN_PORT is \(port.map(String.init) ?? "off"), expected the port of the proxy to ask")
        }
        let address = reachableHost.contains(":") ? "[\(reachableHost)]:\(port)" : "\(reachableHost):\(port)"
        do {
            let status = try await askHealth(port: port)
            return switch status {
            case .ok: Result(isHealthy: true, line: "healthy: \(address) answers")
            case .serviceUnavailable: Result(isHealthy: false, line: "unhealthy: clients get no answer")
            default: Result(isHealthy: false, line: "unhealthy: \(address) answers with status \(status.code)")
            }
        } catch {
            return Result(isHealthy: false, line: "unhealthy: \(address) does not answer (\(Self.reason(error)))")
        }
    }

    /// Where a server that listens on `host` can be reached from this machine.
    private var reachableHost: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    private func askHealth(port: Int) async throws -> HTTPResponseStatus {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let status = eventLoop.makePromise(of: HTTPResponseStatus.self)
        let limit = TimeAmount(timeout)
        let deadline = eventLoop.scheduleTask(in: limit) { status.fail(ChannelError.connectTimeout(limit)) }
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: "/healthz", headers: ["Host": reachableHost, "Connection": "close"])
        let connected = ClientBootstrap(group: eventLoop)
            .connectTimeout(limit)
            .channelInitializer { [speaksTLS] channel in
                channel.eventLoop.makeCompletedFuture {
                    if speaksTLS { try UncheckedTLS.begin(on: channel) }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(ResponseStatusHandler(request: head, status: status))
                }
            }
            .connect(host: reachableHost, port: port)
        connected.whenFailure { status.fail($0) }
        status.futureResult.whenComplete { _ in
            deadline.cancel()
            connected.whenSuccess { $0.close(promise: nil) }
        }
        return try await status.futureResult.get()
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            guard let failure = error.connectionErrors.first?.error else { return "the name does not resolve" }
            return reason(failure)
        }
        if let error = error as? IOError { return SystemError.text(error.errnoCode) }
        if let error = error as? ChannelError, case .connectTimeout = error { return "timed out" }
        return "\(error)"
    }
}

/// Sends one request and waits for the status of the response.
private final class ResponseStatusHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let status: EventLoopPromise<HTTPResponseStatus>

    init(request: HTTPRequestHead, status: EventLoopPromise<HTTPResponseStatus>) {
        self.request = request
        self.status = status
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { status.succeed(head.status) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        status.fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        status.fail(ChannelError.eof)
    }
}
