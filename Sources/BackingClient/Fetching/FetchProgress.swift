import NIOCore

/// Follows the replies to one fetch: `GET` and `PTTL`, alone or between `MULTI` and `EXEC`.
struct FetchProgress {
    /// What a reply means.
    enum Step: Equatable {
        case goesOn
        case done(FillReply.Outcome)
        case violation(ReplyViolation)
    }

    private enum Stage {
        case multi, get, timeToLive
        /// Behind a `MULTI` that was accepted, and a `GET` or `PTTL` that was refused or not.
        case queuedGet, queuedTimeToLive(refusal: [UInt8]?), exec(refusal: [UInt8]?)
        /// Behind a `MULTI` that was refused (by an ACL, say): the commands after it ran by themselves.
        case bareGet, bareTimeToLive(Value), bareExec(Value)
        case timeToLiveOf(Value)
    }

    /// What `GET` said.
    private enum Value {
        case bytes(ByteBuffer)
        case absent
        case tooLarge(Int)
        case error([UInt8])
    }

    private var stage: Stage

    init(wrapsInTransaction: Bool) {
        self.stage = wrapsInTransaction ? .multi : .get
    }

    mutating func received(_ reply: BackingReply) -> Step {
        switch self.stage {
        case .get:
            guard let value = Self.value(reply) else { return .unexpected }
            return self.goOn(.timeToLiveOf(value))
        case .timeToLiveOf(let value): return Self.outcome(value, timeToLive: reply)
        default: return self.receivedInTransaction(reply)
        }
    }

    private mutating func receivedInTransaction(_ reply: BackingReply) -> Step {
        switch (self.stage, reply) {
        case (.multi, .ok):
            return self.goOn(.queuedGet)
        case (.multi, .error):
            return self.goOn(.bareGet)
        case (.queuedGet, .queued):
            return self.goOn(.queuedTimeToLive(refusal: nil))
        case (.queuedGet, .error(let text)):
            return self.goOn(.queuedTimeToLive(refusal: text))
        case (.queuedTimeToLive(let refusal), .queued):
            return self.goOn(.exec(refusal: refusal))
        case (.queuedTimeToLive(let refusal), .error(let text)):
            return self.goOn(.exec(refusal: refusal ?? text))
        case (.exec(let refusal), .error(let text)):
            // EXECABORT only says that something went wrong before; what did is worth more.
            return .done(.failure(.server(refusal ?? text)))
        case (.exec(nil), .array(let elements)) where elements.count == 2:
            guard let value = Self.value(elements[0]) else { return .unexpected }
            return Self.outcome(value, timeToLive: elements[1])
        case (.bareGet, _):
            guard let value = Self.value(reply) else { return .unexpected }
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

    private static func value(_ reply: BackingReply) -> Value? {
        switch reply {
        case .bulk(let bytes): .bytes(bytes)
        case .null: .absent
        case .tooLong(let length): .tooLarge(length)
        case .error(let text): .error(text)
        default: nil
        }
    }

    private static func outcome(_ value: Value, timeToLive reply: BackingReply) -> Step {
        switch reply {
        case .integer(-2), .error: .done(self.outcome(value, timeToLive: nil))
        case .integer(-1): .done(self.outcome(value, timeToLive: .some(nil)))
        case .integer(let milliseconds) where milliseconds >= 0: .done(self.outcome(value, timeToLive: milliseconds))
        default: .unexpected
        }
    }

    /// - Parameter timeToLive: nil where it is not known; `.some(nil)` where the key does not expire.
    private static func outcome(_ value: Value, timeToLive: Int64??) -> FillReply.Outcome {
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
