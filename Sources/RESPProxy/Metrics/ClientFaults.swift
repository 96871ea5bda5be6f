import Logging
import NIOCore
import TransportSecurity

/// Says that clients are not served, or not as they should be, through a fault that an operator must mend, and counts them. One for each
/// event loop.
///
/// What fails for one client mostly fails for the next as well.
final class ClientFaults {
    private let metrics: LoopMetrics
    private let logger: Logger
    private var failures = OccasionalLine(.error, "a client could not be served")
    private var optionsRefused = OccasionalLine(
        .warning, "the system refused to set a socket option of a client's connection")
    private var headersFailed = OccasionalLine(
        .warning, "a connection that PROXY_PROTOCOL_FROM is for was closed")
    private var headersRefused = OccasionalLine(.warning, "a PROXY protocol header was refused")
    private var certificatesRefused = OccasionalLine(.warning, "a client was refused for its certificate")

    init(metrics: LoopMetrics, logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    /// A client was closed, or could not be accepted.
    func clientFailed(_ error: any Error) {
        // It went away, or the proxy is ending, while it was being set up.
        if case ChannelError.ioOnClosedChannel = error { return }
        metrics.connectionFailed()
        failures.happened("\(error)", to: logger)
    }

    /// A client is served, but not as it should be.
    func optionRefused(_ error: any Error) { optionsRefused.happened("\(error)", to: logger) }

    /// A connection was closed that must begin with a header of the PROXY protocol.
    func headerFailed(_ failure: ProxyHeaderFailure, from peer: SocketAddress?) {
        metrics.headerFailed(failure)
        headersFailed.happened("\(failure), " + Self.origin(peer), to: logger)
    }

    /// A connection was closed that began with such a header, which is not taken from there.
    func headerRefused(from peer: SocketAddress?) {
        headersRefused.happened(Self.origin(peer) + " is not in PROXY_PROTOCOL_FROM", to: logger)
    }

    private static func origin(_ peer: SocketAddress?) -> String {
        "it came from \(peer.map(\.endpoint) ?? "somebody who is gone")"
    }

    /// A client was refused whose certificate is in order but for the user that it names.
    func certificateRefused(_ reason: String, user: CertificateUser? = nil) {
        let name = user.map { ", user \(String(reflecting: String(decoding: $0.name.prefix(100), as: UTF8.self)))" }
        certificatesRefused.happened(reason + (name ?? ""), to: logger)
    }
}

/// Stands last in a listener's pipeline: hears what went wrong with accepting a client, or with making its connection ready.
final class AcceptFaultHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let faults: ClientFaults

    init(faults: ClientFaults) {
        self.faults = faults
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        faults.clientFailed(error)
    }
}
