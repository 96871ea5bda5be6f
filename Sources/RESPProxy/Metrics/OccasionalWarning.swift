import BackingClient
import Logging

/// Logs something that may happen very often: at most once a minute, with how often it has happened since.
struct OccasionalWarning {
    private static let interval: UInt64 = 60_000_000_000

    private let text: String
    private var count = 0
    private var due: UInt64 = 0

    init(_ text: String) {
        self.text = text
    }

    /// It has happened once more.
    mutating func happened(now: UInt64, to logger: Logger) {
        count += 1
        guard now >= due else { return }
        logger.warning("\(text)", metadata: ["count": "\(count)"])
        count = 0
        due = now &+ Self.interval
    }
}
