import BackingClient
import NIOCore
import Time

/// Asks the server, for the whole process, whether it lets somebody in who gives no password.
///
/// Each time on a new connection: what a new session may do is not to be told from one that was opened long ago. A password that is
/// set later binds who comes later.
final class AuthProbe {
    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private let heard: (Bool, Instant) -> Void
    private var underWay: EventLoopFuture<Bool>?
    private var isAskedAgain = false
    private var next: Scheduled<Void>?
    private var isStopped = false

    /// - Parameter heard: Told each answer, and when it was asked for, on `eventLoop`.
    init(connector: BackingConnector, eventLoop: any EventLoop, heard: @escaping (Bool, Instant) -> Void) {
        self.connector = connector
        self.eventLoop = eventLoop
        self.heard = heard
    }

    /// Asks, unless that is being done. Fails where the server cannot be asked.
    func ask() -> EventLoopFuture<Bool> {
        if let underWay { return underWay }
        let sent = MonotonicClock.now()
        let asked = connector.checkAccess(nil, on: eventLoop).map { $0 == .granted }
        underWay = asked
        asked.assumeIsolated().whenComplete { [self] result in
            underWay = nil
            if case .success(let isGranted) = result { heard(isGranted, sent) }
            guard isAskedAgain, !isStopped else { return }
            isAskedAgain = false
            _ = ask()
        }
        return asked
    }

    /// A connection to the server has come to stand: what was known, or is being asked, may be of another one.
    func askAnew() {
        guard !isStopped else { return }
        if underWay == nil { _ = ask() } else { isAskedAgain = true }
    }

    /// Asks at once, and again after each interval.
    func start(every interval: TimeSpan) {
        guard !isStopped else { return }
        ask().assumeIsolated().whenComplete { [self] _ in
            guard !isStopped else { return }
            next = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(interval)) { [self] in start(every: interval)
            }
        }
    }

    func stop() {
        isStopped = true
        next?.cancel()
    }
}
