import Time

/// What an answer on the invalidation connection proves, with announcements by broadcast (`BCAST`) as without.
///
/// Without broadcast the server puts an announcement into this connection's output while it runs the write. What it is asked after the
/// reply to the write it answers behind that: one answer is enough.
///
/// With broadcast it collects the keys, and announces them at one point of each turn of its event loop, just before it sends replies. Up to
/// Redis 7.4 nobody has a reply before the announcement. With the I/O threads of Redis 8 and Valkey 8 a reply may leave at once, before
/// that point: then a question that is read in the same turn is answered ahead of the announcement. But a connection is read at most
/// once a turn, and a second question that is sent once the first is answered is read in a later turn. So **two answers in a row** prove
/// that all has been heard that was announced, or was to be, when the first question was sent.
///
/// While the server runs a script for long it goes on reading and answering (`BUSY`), and sends other replies, but announces nothing. Such
/// an answer proves nothing, on any version, and the next one may still come from the same turn.
struct BroadcastOrder {
    private let takesTwo: Bool
    private var wasInterrupted = false
    /// When the question before the next one was sent, if it was answered.
    private var previous: Instant?

    /// - Parameter announcesFirst: Whether no reply leaves before what was announced by broadcast until then.
    init(announcesFirst: Bool) {
        self.takesTwo = !announcesFirst
    }

    static let announcedFirst = BroadcastOrder(announcesFirst: true)

    /// - Parameter sent: When the question was sent.
    /// - Returns: Up to when all that was announced has been heard; nil: that takes another answer.
    mutating func answered(sent: Instant) -> Instant? {
        let proven = self.takesTwo || self.wasInterrupted ? self.previous : sent
        self.previous = sent
        if proven != nil { self.wasInterrupted = false }
        return proven
    }

    /// The server has answered in the midst of something else.
    mutating func interrupted() {
        self.previous = nil
        self.wasInterrupted = true
    }

    /// Whether a server announces ahead of its replies, by what it says of itself (`INFO server`): Redis up to 7.4, and nobody else.
    ///
    /// Previews of Redis 8 call themselves 7.9, and Valkey calls itself Redis 7.2 beside its own version.
    static func isAnnouncedFirst(by info: some Collection<UInt8>) -> Bool {
        guard let version = ServerInfo.field("redis_version", in: info),
            ServerInfo.field("valkey_version", in: info) == nil
        else { return false }
        let numbers = version.split(separator: UInt8(ascii: ".")).map { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count > 1, let major = numbers[0], let minor = numbers[1] else { return false }
        return major < 7 || major == 7 && minor <= 4
    }
}
