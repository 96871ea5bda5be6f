import NIOCore
import Time

/// One connection to a Sentinel, on which it announces what happens.
///
/// It says nothing for hours where nothing happens, so it is asked for a `PING` in each heartbeat.
struct SubscriptionStateMachine {
    enum Action: Equatable {
        case nothing
        /// All channels are listened to.
        case goUp
        case tell(SentinelEvent)
        /// Send ``question``.
        case ask
        case fail(BackingError)
    }

    static let question = [Array("PING".utf8)]

    private let address: BackingAddress
    private let heartbeat: TimeSpan
    private let timeout: TimeSpan
    private var logIn: LogIn
    private var unconfirmed = SentinelEvent.channels.count
    /// When it is asked next, or fails; which of both `isAsked` says.
    private(set) var nextDeadline: Instant?
    private var isAsked = true
    private(set) var isClosed = false

    init(
        address: BackingAddress, credentials: BackingCredentials?, heartbeat: TimeSpan, timeout: TimeSpan,
        now: Instant
    ) {
        self.address = address
        self.heartbeat = heartbeat
        self.timeout = timeout
        self.logIn = LogIn(credentials)
        self.nextDeadline = now + timeout
    }

    var handshakeCommands: [[[UInt8]]] {
        logIn.commands + [[Array("SUBSCRIBE".utf8)] + SentinelEvent.channels.map { Array($0.utf8) }]
    }

    mutating func received(_ reply: BackingReply, now: Instant) -> Action {
        guard logIn.isDone else {
            switch logIn.received(reply) {
            case .goesOn: return .nothing
            case .refused(let text): return fail(.server(text))
            case .violation(let violation): return fail(.nonsense(address, violation))
            }
        }
        switch reply {
        case .error(let text): return fail(.server(text))
        case .array(let elements): return received(elements, now: now)
        // The answer to PING of servers that do not know that one is subscribed.
        case .otherStatus where unconfirmed == 0:
            answered(now: now)
            return .nothing
        default: return fail(.nonsense(address, ReplyViolation(reason: "not a reply to what was asked")))
        }
    }

    private mutating func received(_ elements: [BackingReply], now: Instant) -> Action {
        switch elements.first?.text {
        case Array("subscribe".utf8) where unconfirmed > 0:
            unconfirmed -= 1
            guard unconfirmed == 0 else { return .nothing }
            answered(now: now)
            return .goUp
        case Array("message".utf8) where elements.count == 3:
            guard let channel = elements[1].text, let text = elements[2].text else { break }
            return .tell(
                SentinelEvent(
                    channel: String(decoding: channel, as: UTF8.self), text: String(decoding: text, as: UTF8.self)))
        case Array("pong".utf8):
            answered(now: now)
            return .nothing
        default: break
        }
        return fail(.nonsense(address, ReplyViolation(reason: "not a message, and not a reply to what was asked")))
    }

    private mutating func answered(now: Instant) {
        isAsked = false
        nextDeadline = now + heartbeat
    }

    mutating func timePassed(now: Instant) -> Action {
        guard !isClosed, let deadline = nextDeadline, now >= deadline else { return .nothing }
        guard !isAsked else { return fail(.silent(address, for: timeout)) }
        isAsked = true
        nextDeadline = now + timeout
        return .ask
    }

    mutating func close() {
        isClosed = true
        nextDeadline = nil
    }

    private func fail(_ error: BackingError) -> Action { .fail(error) }
}
