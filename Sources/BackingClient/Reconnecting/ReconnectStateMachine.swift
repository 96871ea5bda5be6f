import NIOCore
import Time

/// Whether a connection that is to be kept up stands, and when the next one is attempted.
///
///     idle ──▶ connecting ──▶ handshaking ──▶ ready
///                 ▲  └──────────┬─┘             │
///                 └── waiting ◀─┴───────────────┘       and closed, from everywhere and for good
struct ReconnectStateMachine {
    enum State {
        case idle
        case connecting
        case handshaking
        case ready(since: Instant)
        /// Until the next attempt.
        case waiting
        case closed
    }

    private let replacementDelay: TimeSpan
    private(set) var state = State.idle
    private var backoff = Backoff()
    /// What has been logged since the connection last stood.
    private var announced: Set<BackingError.Code> = []

    /// - Parameter replacementDelay: After how long a connection is replaced that stood and was lost.
    init(replacementDelay: TimeSpan = .zero) {
        self.replacementDelay = replacementDelay
    }

    var isReady: Bool {
        if case .ready = self.state { true } else { false }
    }

    /// - Returns: whether to connect now.
    mutating func start() -> Bool {
        guard case .idle = self.state else { return false }
        self.state = .connecting
        return true
    }

    /// The wait is over.
    ///
    /// - Returns: whether to connect now.
    mutating func retry() -> Bool {
        guard case .waiting = self.state else { return false }
        self.state = .connecting
        return true
    }

    /// The other side is there by now: the wait ends early, and later ones begin short again.
    ///
    /// - Returns: whether to connect now.
    mutating func hurry() -> Bool {
        self.backoff.reset()
        return self.retry()
    }

    /// A channel stands.
    ///
    /// - Returns: whether it is wanted; otherwise it is to be closed.
    mutating func connected() -> Bool {
        guard case .connecting = self.state else { return false }
        self.state = .handshaking
        return true
    }

    /// The handshake is over.
    struct UpAction {
        /// It was away before, which was logged.
        var isBack: Bool
    }

    mutating func up(now: Instant) -> UpAction? {
        guard case .handshaking = self.state else { return nil }
        self.state = .ready(since: now)
        defer { self.announced = [] }
        return UpAction(isBack: !self.announced.isEmpty)
    }

    /// What to do about a connection that could not be made or is lost.
    struct DownAction {
        /// It stood, and did not just fail to be made.
        var stood: Bool
        /// Nothing of this kind was logged since the connection last stood.
        var isNews: Bool
        var retryIn: TimeSpan
    }

    mutating func down(
        _ error: BackingError, now: Instant, using generator: inout some RandomNumberGenerator
    ) -> DownAction? {
        var retryIn: TimeSpan?
        var longEnough = TimeSpan.zero
        var stood = false
        switch self.state {
        case .idle, .waiting, .closed:
            return nil
        case .connecting, .handshaking:
            break
        case .ready(let since):
            stood = true
            longEnough = self.replacementDelay
            // One that stood is replaced at once, where that is wanted. One that goes as soon as it has come must not be the cause of a busy loop.
            if now >= since + .seconds(1) {
                self.backoff.reset()
                retryIn = .zero
            }
        }
        self.state = .waiting
        return DownAction(
            stood: stood, isNews: !error.saysNoPrimary && self.announced.insert(error.code).inserted,
            retryIn: max(longEnough, retryIn ?? self.backoff.next(using: &generator)))
    }

    /// For good.
    mutating func close() { self.state = .closed }
}
