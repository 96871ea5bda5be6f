import NIOCore
import Time

/// Whose connection is kept up by a ``ReconnectingConnection``.
protocol ReconnectingConnectionOwner: AnyObject {
    associatedtype Handler: ChannelHandler
    /// For a channel that stands.
    ///
    /// - Parameter started: when the attempt to connect began.
    func makeHandler(started: Instant) -> Handler
    /// No connection could be made. The owner calls ``ReconnectingConnection/down(_:)``.
    ///
    /// - Parameter handler: the one that was made for it, if it came that far.
    func connectingFailed(_ error: BackingError, handler: Handler?)
}

/// One connection to the backing, made anew whenever it is lost: at once, then with jittered backoff of at most 1 s.
///
/// Everything here runs on the event loop. The owner is kept alive while an attempt is under way or waited for; while the connection
/// stands, that is up to its handler.
final class ReconnectingConnection<Owner: ReconnectingConnectionOwner> {
    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private weak var owner: Owner?
    private var machine: ReconnectStateMachine
    private var retry: Scheduled<Void>?
    private var generator: any RandomNumberGenerator
    /// Of the channel that stands, logged in or not.
    private(set) var handler: Owner.Handler?

    /// - Parameter replacementDelay: After how long a connection is replaced that stood and was lost.
    init(_ connector: BackingConnector, on eventLoop: any EventLoop, replacementDelay: TimeSpan = .zero) {
        self.connector = connector
        self.eventLoop = eventLoop
        self.generator = connector.makeGenerator()
        self.machine = ReconnectStateMachine(replacementDelay: replacementDelay)
    }

    var state: ReconnectStateMachine.State { self.machine.state }
    /// Whether the handshake is over.
    var isReady: Bool { self.machine.isReady }

    func start(for owner: Owner) {
        self.owner = owner
        if self.machine.start() { self.connect(for: owner) }
    }

    private func connect(for owner: Owner) {
        self.connector.attempt(on: self.eventLoop) { result, started in
            switch result {
            case .success(let channel): self.connected(channel, started: started, for: owner)
            case .failure(let error): owner.connectingFailed(error, handler: nil)
            }
        }
    }

    private func connected(_ channel: any Channel, started: Instant, for owner: Owner) {
        guard self.machine.connected() else {
            channel.close(promise: nil)
            return
        }
        let handler = owner.makeHandler(started: started)
        self.handler = handler
        do {
            try channel.addToConnected(handler)
        } catch {
            channel.close(promise: nil)
            owner.connectingFailed(.closedConnection(self.connector.configuration.address), handler: handler)
        }
    }

    /// The handshake is over; nil: the connection is not wanted any more.
    func up() -> ReconnectStateMachine.UpAction? { self.machine.up(now: MonotonicClock.now()) }

    /// The connection is lost, or could not be made. The next attempt follows by itself; nil: none does.
    func down(_ error: BackingError) -> ReconnectStateMachine.DownAction? {
        self.handler = nil
        guard let action = self.machine.down(error, now: MonotonicClock.now(), using: &self.generator), let owner
        else { return nil }
        self.retry = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(action.retryIn)) {
            if self.machine.retry() { self.connect(for: owner) }
        }
        return action
    }

    /// Attempts to connect at once, where the next attempt is waited for.
    func hurry() {
        guard let owner, self.machine.hurry() else { return }
        self.retry?.cancel()
        self.retry = nil
        self.connect(for: owner)
    }

    /// For good.
    ///
    /// - Returns: The handler, which is the caller's to close.
    func close() -> Owner.Handler? {
        self.machine.close()
        self.retry?.cancel()
        self.retry = nil
        return self.handler.take()
    }
}
