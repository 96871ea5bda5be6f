import Logging
import NIOCore

/// Says that clients are not served through a fault of the proxy's own, and counts them. One for each event loop.
///
/// What fails for one client mostly fails for the next as well.
final class ClientFaults {
    private let metrics: LoopMetrics
    private let logger: Logger
    private var failures = OccasionalLine(.error, "a client could not be served")
    private var refusals = OccasionalLine(
        .warning, "the system refused to set a socket option of a client's connection")

    init(metrics: LoopMetrics, logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    /// A client was closed, or could not be accepted.
    func clientFailed(_ error: any Error) {
        // It went away, or the proxy is ending, while it was being set up.
        if case ChannelError.ioOnClosedChannel = error { return }
        metrics.connectionFailed()
        failures.happened(error, to: logger)
    }

    /// A client is served, but not as it should be.
    func optionRefused(_ error: any Error) { refusals.happened(error, to: logger) }
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
