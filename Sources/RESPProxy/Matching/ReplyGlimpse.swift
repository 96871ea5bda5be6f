/// The beginning and the end of a reply frame: all that the proxy ever needs to know of one that it relays.
struct ReplyGlimpse: Equatable, Sendable {
    static let headLimit = 64
    static let tailLimit = 32

    /// How much of the beginning is kept, in bytes.
    private(set) var headLimit = Self.headLimit

    /// The frame's type byte, behind its attributes.
    var type: UInt8 = 0
    /// At most the first ``headLimit`` bytes.
    var head: [UInt8] = []
    /// At most the last 32 bytes.
    var tail: [UInt8] = []

    /// Whether the server refused the command.
    var isError: Bool { type == UInt8(ascii: "-") || type == UInt8(ascii: "!") }

    private static let writeRefusal: StaticString = "-READONLY "

    /// Whether the server has refused a write because it is a replica.
    var isWriteRefused: Bool { starts(with: Self.writeRefusal) }

    /// The same of a whole reply.
    static func isWriteRefused(_ reply: RawSpan) -> Bool {
        reply.withUnsafeBytes { bytes in writeRefusal.withUTF8Buffer { bytes.starts(with: $0) } }
    }

    /// Whether the reply starts with this text, type byte included.
    func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { head.starts(with: $0) }
    }

    /// What a pub/sub message or confirmation is: the bulk string that an array or push starts with.
    var messageKind: MessageKind? {
        guard type == UInt8(ascii: "*") || type == UInt8(ascii: ">") else { return nil }
        // `*3\r\n$9\r\nsubscribe\r\n…`
        let lines = head.split(separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
        guard lines.count == 4, lines[1].first == UInt8(ascii: "$"), lines[2].last == UInt8(ascii: "\r") else {
            return nil
        }
        return MessageKind(rawValue: String(decoding: lines[2].dropLast(), as: UTF8.self))
    }

    /// The integer that the frame ends with: how many subscriptions there are after a confirmation.
    var trailingInteger: Int? {
        guard let colon = tail.lastIndex(of: UInt8(ascii: ":")), tail.suffix(2) == [0x0D, 0x0A] else { return nil }
        return Int(String(decoding: tail[(colon + 1)...].dropLast(2), as: UTF8.self))
    }

    /// Adds bytes of the frame as they come.
    mutating func append(_ bytes: RawSpan) {
        let missing = min(headLimit - head.count, bytes.byteCount)
        if missing > 0 {
            bytes.extracting(first: missing).withUnsafeBytes { head.append(contentsOf: $0) }
        }
        bytes.extracting(last: Self.tailLimit).withUnsafeBytes { tail.append(contentsOf: $0) }
        if tail.count > Self.tailLimit { tail.removeFirst(tail.count - Self.tailLimit) }
    }

    mutating func reset(headLimit: Int = Self.headLimit) {
        self.headLimit = headLimit
        head.removeAll(keepingCapacity: true)
        tail.removeAll(keepingCapacity: true)
    }
}

/// The messages of https://redis.io/docs/latest/develop/interact/pubsub/.
enum MessageKind: String, Sendable {
    case message, pmessage, smessage
    case subscribe, psubscribe, ssubscribe
    case unsubscribe, punsubscribe, sunsubscribe

    /// Sent by itself, not as the answer to a command.
    var isPublished: Bool { self == .message || self == .pmessage || self == .smessage }
}
