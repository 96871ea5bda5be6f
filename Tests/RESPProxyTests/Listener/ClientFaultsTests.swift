import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import RESPProxy

@Suite struct ClientFaultsTests {
    @Test("each client that is not served through our fault is counted, and one line says so for many")
    func countsAndSays() throws {
        let lines = Lines()
        let metrics = LoopMetrics()
        let faults = ClientFaults(metrics: metrics, logger: Logger(label: "test") { _ in lines })
        let listener = EmbeddedChannel(handler: AcceptFaultHandler(faults: faults))
        for _ in 0..<100 {
            listener.pipeline.fireErrorCaught(IOError(errnoCode: 13, reason: "setsockopt"))
        }
        #expect(metrics.snapshot.connectionsFailed == 100)
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("setsockopt") == true, "\(lines.all)")
        _ = try? listener.finish()
    }

    @Test("a client that has gone while it was being set up is no fault of ours")
    func clientHasGone() {
        let lines = Lines()
        let metrics = LoopMetrics()
        let faults = ClientFaults(metrics: metrics, logger: Logger(label: "test") { _ in lines })
        faults.clientFailed(ChannelError.ioOnClosedChannel)
        #expect(metrics.snapshot.connectionsFailed == 0)
        #expect(lines.all == [])
    }
}

/// Keeps what is logged.
private final class Lines: LogHandler {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock { $0 } }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    func log(event: LogEvent) { kept.withLock { $0.append("\(event.message)") } }
}
