import Logging
import Synchronization

/// Counts the lines logged.
struct CountingLogHandler: LogHandler {
    final class Count: Sendable {
        private let lines = Atomic<Int>(0)
        var value: Int { lines.load(ordering: .relaxed) }
        func add() { lines.wrappingAdd(1, ordering: .relaxed) }
    }

    let count: Count
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(count: Count) {
        self.count = count
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        count.add()
    }
}
