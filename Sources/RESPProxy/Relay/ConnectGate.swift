import DequeModule
import NIOCore
import Time

/// Lets so many connections to the backing be opened at once, on one event loop, and the others wait for their turn.
///
/// A server accepts when it has time, and its kernel lets no more than 511 wait for that (`tcp-backlog`). Of what comes beyond, some are
/// turned away for a second, and for others, which count as connected on our side, it takes up to 15 s until the server knows of them. When a
/// thousand clients need connections of their own at once, whoever is in the way of that would be held up for as long.
final class ConnectGate {
    /// Connections that the server may not have accepted yet.
    static let limit = 64
    /// After which one that nothing has come from counts as accepted all the same: many are never used.
    static let patience = TimeSpan.milliseconds(500)

    private let eventLoop: any EventLoop
    private var underWay = 0
    private var waiting: Deque<() -> Void> = []
    /// Those that wait are being let in.
    private var isLettingIn = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Whether the next one would have to wait.
    var isFull: Bool { underWay >= Self.limit }

    /// Opens a connection, now or once others have been accepted.
    ///
    /// - Parameter isForMany: It does not wait, since many may wait for it. There are few of those.
    func open(
        isForMany: Bool = false, _ connect: @escaping () -> EventLoopFuture<any Channel>
    ) -> EventLoopFuture<any Channel> {
        guard isFull, !isForMany else { return begin(connect) }
        let promise = eventLoop.makePromise(of: (any Channel).self)
        waiting.append { [self] in begin(connect).cascade(to: promise) }
        return promise.futureResult
    }

    private func begin(_ connect: () -> EventLoopFuture<any Channel>) -> EventLoopFuture<any Channel> {
        underWay += 1
        let opened = connect()
        opened.assumeIsolated().whenComplete { [self] result in
            guard case .success(let channel) = result else { return ended() }
            let handler = FirstBytesFromServer { [weak self] in self?.ended() }
            guard (try? channel.pipeline.syncOperations.addHandler(handler, position: .first)) != nil else {
                return ended()
            }
            // It may have been closed before the handler was there to hear of it.
            if !channel.isActive { handler.end() }
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.patience)) { handler.end() }
        }
        return opened
    }

    private func ended() {
        underWay -= 1
        // One that fails at once ends in here: the loop that has let it in goes on.
        guard !isLettingIn else { return }
        isLettingIn = true
        while underWay < Self.limit, let next = waiting.popFirst() { next() }
        isLettingIn = false
    }
}

/// Tells once that the server has said something, or never will; then it is out of the way.
private final class FirstBytesFromServer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private var told: (() -> Void)?
    private var context: ChannelHandlerContext?

    init(_ told: @escaping () -> Void) {
        self.told = told
    }

    func end() {
        guard let told else { return }
        self.told = nil
        context?.pipeline.syncOperations.removeHandler(self, promise: nil)
        told()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.fireChannelInactive()
        end()
    }
}
