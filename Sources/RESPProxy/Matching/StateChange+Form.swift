import RESPParser

/// Whether a reply is one that its command can have.
enum ReplyForm: Equatable, Sendable {
    case success, refused
    /// The command cannot have it: it belongs to another.
    case wrong
}

extension StateChange {
    /// Whether a reply, outside of a transaction or ending one, is one that this command can have.
    ///
    /// - Parameters:
    ///   - version: The protocol's, before the command.
    ///   - queued: How many commands the open transaction has queued.
    func form(of reply: ReplyGlimpse, version: RESPVersion, queued: Int) -> ReplyForm {
        if reply.isError { return .refused }
        let isSuccess =
            switch self {
            case .none, .quit, .synchronize, .unanswered, .unknown, .unclear: true
            // Their confirmations are looked at as such.
            case .subscribe, .unsubscribe: false
            case .begin, .discard, .watch, .unwatch, .select, .authenticate, .monitor, .tracking, .replies, .pause:
                reply.starts(with: "+OK\r\n")
            case .reset: reply.starts(with: "+RESET\r\n")
            case .execute: reply.isNil || reply.type == UInt8(ascii: "*") && reply.elementCount == queued
            case .hello(let asked, _, _): reply.isGreeting(asked.flatMap(RESPVersion.init) ?? version)
            }
        return isSuccess ? .success : .wrong
    }
}

extension ReplyGlimpse {
    /// The number behind the type byte.
    var elementCount: Int? {
        guard let end = head.firstIndex(of: 0x0D) else { return nil }
        return Int(String(decoding: head[..<end].dropFirst(), as: UTF8.self))
    }

    fileprivate var isNil: Bool { starts(with: "*-1\r\n") || starts(with: "_\r\n") }

    /// What `HELLO` is answered with: a map of the server's properties, `server` first; how many there are differs between servers.
    fileprivate func isGreeting(_ version: RESPVersion) -> Bool {
        guard type == (version == .resp3 ? UInt8(ascii: "%") : UInt8(ascii: "*")), let count = elementCount,
            version == .resp3 || count % 2 == 0, let header = head.firstIndex(of: UInt8(ascii: "\n"))
        else { return false }
        return head[(header + 1)...].starts(with: "$6\r\nserver\r\n".utf8)
    }
}
