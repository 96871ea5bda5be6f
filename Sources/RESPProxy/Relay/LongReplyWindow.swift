/// How many commands whose replies may be long a shared connection has under way at once.
///
/// What is behind a long reply waits for it, and the server sends each of its clients 64 KiB in turn: behind a gigabyte of replies somebody's
/// `INCR` would wait for as long as one client's gigabyte takes. How long a reply is, is seen only when it comes. So few are under way at
/// first, more as short ones come, and at most as many as together make up ``budget``, if they are as long as the last ones.
struct LongReplyWindow: Sendable {
    /// At first; with fewer allowed, the connection is known to carry long ones.
    static let initial = 16
    static let most = 256
    /// Bytes of replies that others may have to wait for, as far as that is foreseen.
    static let budget = 1 << 20

    private var size = LongReplyWindow.initial
    private var underWay = 0

    /// Whether another may follow.
    var hasRoom: Bool { underWay < size }

    /// Whether what follows may have to wait for long replies.
    var isLong: Bool { size < Self.initial && underWay > 0 }

    /// One is being forwarded.
    mutating func began() { underWay += 1 }

    /// The reply to one has ended.
    mutating func ended(length: Int) {
        underWay -= 1
        let fitting = Self.budget / max(length, 1)
        size = fitting < Self.most ? max(1, min(size, fitting)) : min(size + 1, Self.most)
    }
}
