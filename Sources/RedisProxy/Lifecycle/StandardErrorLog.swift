import Logging

/// The log: one timestamped line for each record, on standard error.
enum StandardErrorLog {
    static func logger(level: Logger.Level) -> Logger {
        var logger = Logger(label: "redis-proxy") { label in StreamLogHandler.standardError(label: label) }
        logger.logLevel = level
        return logger
    }
}
