import BackingClient
import Logging

/// Logs something that may happen very often: at most once in ten seconds, with how often it has happened since.
struct OccasionalLine {
    private static let interval: UInt64 = 10_000_000_000

    private let text: String
    private let level: Logger.Level
    private var count = 0
    private var due: UInt64 = 0

    init(_ level: Logger.Level, _ text: String) {
        self.level = level
        self.text = text
    }

    /// It has happened once more.
    ///
    /// - Parameter detail: What is new about it this time.
    mutating func happened(_ detail: String? = nil, now: UInt64 = MonotonicClock.now(), to logger: Logger) {
        count += 1
        guard now >= due else { return }
        let line = detail.map { "\(text): \($0)" } ?? text
        logger.log(level: level, "\(line)", metadata: ["count": "\(count)"])
        count = 0
        due = now &+ Self.interval
    }
}
