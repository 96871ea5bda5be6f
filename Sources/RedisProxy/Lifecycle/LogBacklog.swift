/// Records that wait to be written: as many bytes as the limit allows. Further ones are dropped and counted.
struct LogBacklog: Sendable {
    private let limit: Int
    private var bytes: [UInt8] = []
    private var records: UInt64 = 0
    /// Dropped since that was last told.
    private var untold: UInt64 = 0
    /// Dropped since start.
    private(set) var dropped: UInt64 = 0

    /// - Parameter limit: Bytes that are kept.
    init(limit: Int) {
        self.limit = limit
    }

    /// Whether nothing waits.
    var isEmpty: Bool { bytes.isEmpty }

    /// Keeps a record, or counts it as dropped.
    mutating func add(_ record: String) {
        guard record.utf8.count <= limit - bytes.count else { return drop(1) }
        bytes.append(contentsOf: record.utf8)
        records += 1
    }

    /// Takes what waits, and how many records were dropped behind it.
    mutating func take() -> (bytes: [UInt8], records: UInt64, dropped: UInt64) {
        defer {
            bytes = []
            records = 0
            untold = 0
        }
        return (bytes, records, untold)
    }

    /// So many could not be written.
    mutating func drop(_ count: UInt64) {
        untold += count
        dropped += count
    }
}
