import BackingClient
import NIOCore
import Time

/// Asks the server, for the whole process, for what it ends connections: what might be too much for it is then sent on no connection that
/// sessions share. It may be set anew at any time.
///
/// A server that does not let itself be asked is not asked again before a connection to it has come to stand anew, so that its
/// `ACL LOG` stays empty.
final class ServerLimitsWatch {
    static let interval = TimeSpan.seconds(1)

    private let connector: BackingConnector
    private let eventLoop: any EventLoop
    private let heard: (ServerLimits) -> Void
    private var isAsking = false
    private var mayAsk = true
    private var last: ServerLimits?
    private var next: Scheduled<Void>?
    private var isStopped = false

    /// - Parameter heard: Told what has changed, on `eventLoop`.
    init(connector: BackingConnector, eventLoop: any EventLoop, heard: @escaping (ServerLimits) -> Void) {
        self.connector = connector
        self.eventLoop = eventLoop
        self.heard = heard
    }

    /// A connection to the server has come to stand: it may be another one.
    func askAnew() {
        mayAsk = true
        ask()
    }

    private func ask() {
        guard mayAsk, !isAsking, !isStopped else { return }
        isAsking = true
        next?.cancel()
        connector.readServerLimits(on: eventLoop).assumeIsolated().whenComplete { [self] result in
            isAsking = false
            if case .success(let limits) = result {
                mayAsk = limits != nil
                tell(limits ?? .none)
            }
            guard mayAsk, !isStopped else { return }
            next = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.interval)) { [self] in ask() }
        }
    }

    private func tell(_ limits: ServerLimits) {
        guard limits != last else { return }
        last = limits
        heard(limits)
    }

    func stop() {
        isStopped = true
        next?.cancel()
    }
}
