import BackingClient
import NIOCore
import NIOEmbedded
import Testing
import Time
import TransportSecurity

@testable import RESPProxy

@Suite("Which connection a session's commands go on")
final class AttachmentTests {
    /// Opens connections at whose other end nobody is.
    private final class Source: RelaySource {
        let eventLoop = EmbeddedEventLoop()
        private let address: SocketAddress
        private(set) lazy var pool = RelayPool(on: eventLoop) { [unowned self] in openRelay($0, as: nil) }
        /// Set: nothing can be opened.
        var failure: BackingError?
        private(set) var opened: [EmbeddedChannel] = []
        /// Set: connections stand only once this is done.
        var delay: EventLoopPromise<Void>?

        init() throws { address = try SocketAddress(unixDomainSocketPath: "/nowhere") }

        func relayKey(of session: SessionState, in pool: RelayPool) -> RelayKey? {
            RelayKey(
                of: session, access: CacheAccess(database: 0, fillUser: nil, trustsClients: false),
                admitsAnonymous: true)
        }

        func openRelay(_ key: RelayKey?, as user: CertificateUser?) -> EventLoopFuture<OpenedRelay> {
            if let failure { return eventLoop.makeFailedFuture(failure) }
            let channel = EmbeddedChannel(loop: eventLoop)
            channel.connect(to: address, promise: nil)
            opened.append(channel)
            let relay = OpenedRelay(channel: channel, isProven: true)
            return delay?.futureResult.map { relay } ?? eventLoop.makeSucceededFuture(relay)
        }
    }

    /// A session, as far as a connection knows it.
    private final class Owner: AttachmentOwner {
        /// How often it was told that something that it waits for has come.
        var turns = 0
        func connectionStands() { turns += 1 }
        func newConnectionWouldDo() { turns += 1 }
        func certificateLoggedIn(as user: CertificateUser) {}
        func certificateWasRefused(_ user: CertificateUser, _ error: BackingError) {}

        let matchesReplies = true
        let takesMore = true
        func treatReply(type: UInt8) -> ReplyTreatment? { ReplyTreatment() }
        func replyEnded(_ reply: ReplyGlimpse) {}
        func judge(_ reply: ReplyGlimpse) -> Bool { false }
        func withOwnIdentifiers(_ frame: ByteBuffer, _ reply: IdentifierReply) -> ByteBuffer { frame }
        func ownQuestionAnswered() {}
        func relayed(_ bytes: ByteBuffer) {}
        func relayReadCompleted() {}
        func relayBecameWritable() {}
        func relayEnded(error: BackingError?, isInsideReply: Bool) {}

        let hasSharedBacklog = false
        func sharedReplyBegins(type: UInt8) {}
        func sharedReplyEnded(type: UInt8, length: Int, now: Instant) {}
        func sharedReply(_ buffer: ByteBuffer, _ range: Range<Int>) -> Bool { false }
        func sharedReadCompleted() {}
        func closeForBacklog() {}
        func sharedConnectionLost(_ error: BackingError, isInsideReply: Bool) {}
    }

    private let source: Source
    private let owner = Owner()
    private let attachment: RESPProxy.Attachment
    private let key = RelayKey(version: .resp2, isFillUser: false)
    private let shareable = RelayedCommand(
        change: .none, writes: .none, isBlocking: false, pins: false, isShareable: true, hasShortReply: true)
    private let blocking = RelayedCommand(
        change: .none, writes: .none, isBlocking: true, pins: false, isShareable: false)

    init() throws {
        source = try Source()
        attachment = RESPProxy.Attachment(source: source, conditions: ServerConditions())
    }

    /// What comes of a command: `own` or `shared`, `waits` or `fails`.
    private func attach(
        _ command: RelayedCommand, outstanding: Int = 0, takesReplies: Bool = true, holdsReplies: Bool = false,
        state: SessionState = SessionState()
    ) -> String {
        let outcome =
            attachment.attach(
                for: command, outstanding: outstanding, takesReplies: takesReplies, holdsReplies: holdsReplies, now: 0)
            ?? attachment.attachAnew(for: command, state, takesReplies: takesReplies, now: 0, owner: owner)
        switch outcome {
        case .ready: return attachment.own != nil ? "own" : attachment.isShared ? "shared" : "nothing"
        case .waiting: return "waits"
        case .failed: return "fails"
        }
    }

    /// The same, where a connection must be opened first: it stands at once, and the owner is told.
    private func attachOpening(_ command: RelayedCommand) -> String {
        #expect(attach(command) == "waits")
        return attach(command)
    }

    /// A session that has sent something on a shared connection.
    private func share() {
        attachment.begin(shareable)
        #expect(attach(shareable) == "waits", "it is being opened")
        #expect(owner.turns == 1)
        #expect(attach(shareable) == "shared")
    }

    @Test("what a session says first goes on a spare connection: the server serves one in order, but not two")
    func first() {
        source.pool.prepareForNewcomer(key)
        #expect(attach(shareable) == "own")
        #expect(attach(blocking) == "own")
    }

    @Test("what may share does so, and what may not waits until nothing is outstanding there")
    func sharing() {
        share()
        #expect(attach(shareable, outstanding: 1) == "shared")
        #expect(attach(blocking, outstanding: 1) == "waits")
        #expect(attach(shareable, outstanding: RESPProxy.Attachment.sharedCommandLimit) == "waits")
        #expect(attachOpening(blocking) == "own")
    }

    @Test(
        "a client that does not take its replies, that was found by its id, or that is sent large ones, does not share")
    func unshared() {
        share()
        #expect(attach(shareable, outstanding: 1, takesReplies: false) == "waits")
        attachment.replyEnded(length: 1 << 16)
        #expect(attach(shareable, outstanding: 1) == "waits")
        for _ in 0..<64 { attachment.begin(shareable) }
        #expect(attach(shareable, outstanding: 1) == "shared", "for so many commands")
        attachment.isBound = true
        #expect(attachOpening(shareable) == "own")
    }

    @Test(
        "a session goes to another server from a shared connection, but not from one of its own before it has left that"
    )
    func otherServer() throws {
        let other = try Source()
        share()
        #expect(attachment.move(to: other, conditions: ServerConditions()))
        #expect(!attachment.isShared)
        let before = source.opened.count
        #expect(attachOpening(blocking) == "own")
        #expect(source.opened.count == before && other.opened.contains { $0.isActive })
        #expect(!attachment.move(to: source, conditions: ServerConditions()))
        other.pool.admitted(sent: 1)
        attachment.leave(SessionState(), owner: owner)
        #expect(attachment.move(to: source, conditions: ServerConditions()))
        #expect(source.pool.standingSpare(key, forNewcomer: false) == nil, "it is left to sessions of its own server")
    }

    @Test("a session does not go to another server while it waits for a connection to one")
    func otherServerWhileConnecting() throws {
        source.delay = source.eventLoop.makePromise()
        var state = SessionState()
        state.database = 1
        #expect(attach(blocking, state: state) == "waits")
        #expect(try !attachment.move(to: Source(), conditions: ServerConditions()))
        source.delay?.succeed()
        source.eventLoop.run()
        #expect(attachment.own != nil)
    }

    @Test("while replies of its connection are held a session takes no other")
    func held() {
        #expect(attach(shareable, holdsReplies: true) == "waits")
        #expect(source.opened.isEmpty)
    }

    @Test("that nothing could be opened is told once, and then it is tried again")
    func failing() {
        source.failure = .lost
        #expect(attach(blocking) == "fails")
        source.failure = nil
        #expect(attachOpening(blocking) == "own")
    }

    @Test("a connection that stands once the session is over is closed")
    func tooLate() {
        source.delay = source.eventLoop.makePromise()
        var state = SessionState()
        state.database = 1
        #expect(attach(blocking, state: state) == "waits")
        #expect(attachment.isConnecting)
        attachment.release()
        source.delay?.succeed()
        source.eventLoop.run()
        #expect(source.opened.count == 1 && source.opened.first?.isActive == false)
        #expect(owner.turns == 0)
    }

    @Test("a connection that is left is another's, once it is known that a new one would be let in")
    func leaving() {
        source.pool.prepareForNewcomer(key)
        #expect(attach(blocking) == "own")
        attachment.leave(SessionState(), owner: owner)
        #expect(attachment.own != nil)
        source.pool.admitted(sent: 1)
        #expect(owner.turns == 1, "that is told")
        attachment.leave(SessionState(), owner: owner)
        #expect(attachment.own == nil && source.pool.standingSpare(key, forNewcomer: false) != nil)
    }

    @Test("after RESET a client that has to be logged in gets a new connection, once")
    func reset() {
        #expect(attachOpening(blocking) == "own")
        attachment.clientWasReset(needsLogIn: false)
        #expect(!attachment.replaceIfLoggedOut())
        attachment.clientWasReset(needsLogIn: true)
        #expect(attachment.replaceIfLoggedOut())
        #expect(attachment.own == nil && !attachment.replaceIfLoggedOut())
    }

    @Test("the end of the client is passed on where there is a connection of its own, and once")
    func end() {
        #expect(!attachment.passEndOn(), "there is nobody to pass it to")
        #expect(attachment.isEndPassedOn && attachment.passEndOn())
    }

    @Test("a session that ends waits for what is outstanding, and for the server's end of a connection of its own")
    func finish() {
        #expect(attachment.finish(isWaiting: false))
        share()
        #expect(!attachment.finish(isWaiting: true))
        #expect(attachment.finish(isWaiting: false))
        #expect(attachOpening(blocking) == "own")
        #expect(!attachment.finish(isWaiting: false))
        #expect(attachment.cut(isWaiting: true), "nothing is waited for then")
    }
}
