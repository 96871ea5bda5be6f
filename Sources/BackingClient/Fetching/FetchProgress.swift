import NIOCore

/// Follows the replies to one fetch: a read and `PTTL`, alone or between `MULTI` and `EXEC`.
struct FetchProgress {
    /// What a reply means.
    enum Step: Equatable {
        case goesOn
        case done(FillReply.Outcome)
        case violation(ReplyViolation)
    }

    private enum Stage {
        case multi, read
        /// Behind a `MULTI` that was accepted, and a read or `PTTL` that was refused or not.
        case queuedRead, queuedTimeToLive(refusal: [UInt8]?), exec(refusal: [UInt8]?)
        /// Behind a `MULTI` that was refused (by an ACL, say): the commands after it ran by themselves.
        case bareRead, bareTimeToLive(KeyRead.Result), bareExec(KeyRead.Result)
        case timeToLive(KeyRead.Result)
    }

    private let read: KeyRead
    private var stage: Stage

    init(_ read: KeyRead, wrapsInTransaction: Bool) {
        self.read = read
        self.stage = wrapsInTransaction ? .multi : .read
    }

    mutating func received(_ reply: BackingReply) -> Step {
        switch self.stage {
        case .read:
            guard let value = self.read.result(of: reply) else { return .unexpected }
            return self.goOn(.timeToLive(value))
        case .timeToLive(let value): return Self.outcome(value, timeToLive: reply)
        default: return self.receivedInTransaction(reply)
        }
    }

    private mutating func receivedInTransaction(_ reply: BackingReply) -> Step {
        switch (self.stage, reply) {
        case (.multi, .ok):
            return self.goOn(.queuedRead)
        case (.multi, .error):
            return self.goOn(.bareRead)
        case (.queuedRead, .queued):
            return self.goOn(.queuedTimeToLive(refusal: nil))
        case (.queuedRead, .error(let text)):
            return self.goOn(.queuedTimeToLive(refusal: text))
        case (.queuedTimeToLive(let refusal), .queued):
            return self.goOn(.exec(refusal: refusal))
        case (.queuedTimeToLive(let refusal), .error(let text)):
            return self.goOn(.exec(refusal: refusal ?? text))
        case (.exec(let refusal), .error(let text)):
            // EXECABORT only says that something went wrong before; what did is worth more.
            return .done(.failure(.server(refusal ?? text)))
        case (.exec(nil), .array(let elements)) where elements.count == 2:
            guard let value = self.read.result(of: elements[0]) else { return .unexpected }
            return Self.outcome(value, timeToLive: elements[1])
        case (.bareRead, _):
            guard let value = self.read.result(of: reply) else { return .unexpected }
            return self.goOn(.bareTimeToLive(value))
        case (.bareTimeToLive(let value), .integer), (.bareTimeToLive(let value), .error):
            return self.goOn(.bareExec(value))
        case (.bareExec(let value), .error):
            return .done(Self.outcome(value, timeToLive: nil))
        default:
            return .unexpected
        }
    }

    private mutating func goOn(_ stage: Stage) -> Step {
        self.stage = stage
        return .goesOn
    }

    private static func outcome(_ value: KeyRead.Result, timeToLive reply: BackingReply) -> Step {
        switch reply {
        case .integer(-2), .error: .done(self.outcome(value, timeToLive: nil))
        case .integer(-1): .done(self.outcome(value, timeToLive: .some(nil)))
        case .integer(let milliseconds) where milliseconds >= 0: .done(self.outcome(value, timeToLive: milliseconds))
        default: .unexpected
        }
    }

    /// - Parameter timeToLive: nil where it is not known; `.some(nil)` where the key does not expire.
    private static func outcome(_ value: KeyRead.Result, timeToLive: Int64??) -> FillReply.Outcome {
        switch value {
        case .bytes(let bytes): timeToLive.map { .value(bytes, timeToLive: $0) } ?? .unstorable(bytes)
        case .absent: .absent
        case .tooLarge(let length): .tooLarge(length: length)
        case .error(let text): .failure(.server(text))
        }
    }
}

extension FetchProgress.Step {
    fileprivate static let unexpected = Self.violation(ReplyViolation(reason: "not a reply to what was asked"))
}
