import BackingClient
import Logging
import Time

/// Logs something that may happen very often: at most once in ten seconds, with how often it has happened since.
struct OccasionalLine {
    private static let interval = TimeSpan.seconds(10)

    private let text: String
    private let level: Logger.Level
    private var count = 0
    private var due = Instant.distantPast

    init(_ level: Logger.Level, _ text: String) {
        self.level = level
        self.text = text
    }

    /// It has happened once more.
    ///
    /// - Parameter detail: What had it happen this time.
    mutating func happened(
        _ detail: @autoclosure () -> String? = nil, now: Instant = MonotonicClock.now(), to logger: Logger
    ) {
        count += 1
        guard now >= due else { return }
        let reason = detail().map { ": \($0)" } ?? ""
        logger.log(level: level, "\(text)\(reason)", metadata: ["count": "\(count)"])
        count = 0
        due = now + Self.interval
    }
}
