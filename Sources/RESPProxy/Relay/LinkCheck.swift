import BackingClient
import Logging
import NIOCore
import RESPParser
import Time

/// A connection to the backing that is looked at by ``LinkCheck``.
protocol BackingLink: AnyObject {
    var isOpen: Bool { get }
    /// When it stood.
    var opened: Instant { get }
    /// When bytes came last; when it stood, where none have come.
    var lastHeard: Instant { get }
    /// Ends it as if the server had.
    func giveUp()
}

/// Looks, on one event loop, for connections to the backing that have gone silent for good, when its fill connection was given up for silence
/// and a new one is answered: see ``RollCall``.
final class LinkCheck {
    /// How long after the old connections the new one is asked: by then the server has had time for all of them.
    static let patience = TimeSpan.seconds(5)

    private struct Member {
        let link: any BackingLink
        let wasAsked: Bool
        /// When it was heard last before it was asked.
        let heardBefore: Instant
    }

    private let eventLoop: any EventLoop
    private let logger: Logger
    /// The fill connection was given up because it did not answer.
    private var isSuspicious = false
    private var members: [Member] = []
    private var timer: Scheduled<Void>?
    /// The call ends with the answer to a question that the new fill connection is asked later than this.
    private var asksSince: Instant?

    init(eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        self.logger = logger
    }

    func laneIsDown(_ error: BackingError) {
        // A call that is cut short is made once more: those that were asked already may not be asked again, but their silence counts. What they
        // have answered does not: they may have died since.
        if error.code == .timedOut || !members.isEmpty { isSuspicious = true }
        timer?.cancel()
        timer = nil
        asksSince = nil
    }

    /// - Parameters:
    ///   - links: all that stand, and whether each could be asked something; called only where there is something to find out.
    ///   - ask: Asks the new fill connection something later than the time given.
    func laneIsUp(_ links: () -> [(link: any BackingLink, wasAsked: Bool)], ask: @escaping (Instant) -> Void) {
        guard isSuspicious else { return }
        isSuspicious = false
        let asked = members.filter { $0.wasAsked && $0.link.isOpen && $0.link.lastHeard <= $0.heardBefore }
        let known = Set(asked.map { ObjectIdentifier($0.link) })
        members =
            asked
            + links().filter { !known.contains(ObjectIdentifier($0.link)) }
            .map { Member(link: $0.link, wasAsked: $0.wasAsked, heardBefore: $0.link.lastHeard) }
        guard !members.isEmpty else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.patience)) { [weak self] in
            guard let self else { return }
            let now = MonotonicClock.now()
            asksSince = now
            ask(now)
        }
    }

    func laneAnswered(sent: Instant) {
        guard let asksSince, sent >= asksSince else { return }
        self.asksSince = nil
        let members = members
        self.members = []
        let isDead = RollCall.isDead(
            members.map {
                RollCall.Attendance(
                    opened: $0.link.opened, heardBefore: $0.heardBefore, wasAsked: $0.wasAsked,
                    wasHeard: $0.link.lastHeard > $0.heardBefore, hasEnded: !$0.link.isOpen)
            })
        let dead = zip(members, isDead).filter { $0.1 }.map { $0.0.link }
        guard !dead.isEmpty else { return }
        logger.warning(
            "connections to the backing have gone silent while new ones are answered: they are closed",
            metadata: ["connections": "\(dead.count)"])
        for link in dead { link.giveUp() }
    }
}

/// A connection that is nobody's, and is asked so that others may be judged by it.
final class WitnessLink: ChannelInboundHandler, BackingLink {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let opened: Instant
    private var context: ChannelHandlerContext?
    private(set) var isOpen = true
    private(set) var lastHeard: Instant

    /// - Parameter unused: whose place on the channel it takes.
    init(_ unused: some BackingLink) {
        self.opened = unused.opened
        self.lastHeard = unused.lastHeard
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isOpen = context.channel.isActive
        var ping = ByteBuffer()
        RESPEncoder.command([Array("PING".utf8)], into: &ping)
        context.writeAndFlush(wrapOutboundOut(ping), promise: nil)
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // It has said what it was asked for.
        lastHeard = MonotonicClock.now()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOpen = false
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func giveUp() { context?.close(promise: nil) }
}
