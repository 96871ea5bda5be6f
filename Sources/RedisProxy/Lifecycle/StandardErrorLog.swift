import Logging
import Synchronization

/// The log: one timestamped line for each record, on standard error.
enum StandardErrorLog {
    private static let label = "redis-proxy"
    private static let writer = LogWriter(descriptor: StandardStream.error.rawValue) { count in
        let text = CollectedText()
        var logger = Logger(label: label) { StreamLogHandler(label: $0, stream: text) }
        logger.logLevel = .trace
        logger.warning("log records were dropped, as standard error took none", metadata: ["records": "\(count)"])
        return text.text
    }

    /// Starts the log.
    ///
    /// - Throws: ``StartupError`` where it cannot be written.
    static func start(level: Logger.Level) throws(StartupError) -> Logger {
        try writer.start()
        var logger = Logger(label: label) { label in StreamLogHandler(label: label, stream: writer) }
        logger.logLevel = level
        return logger
    }

    /// Records dropped since start, because standard error took none.
    static var dropped: UInt64 { writer.dropped }

    /// Waits for what has been logged to be written, for a second at most: the process is about to end.
    static func flush() { writer.flush(within: 1) }
}

/// What is written to it.
private final class CollectedText: TextOutputStream, Sendable {
    private let collected = Mutex("")

    var text: String { collected.withLock { $0 } }
    func write(_ string: String) { collected.withLock { $0 += string } }
}
