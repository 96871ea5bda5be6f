import BackingClient
import LocalCache
import NIOCore
import NIOEmbedded
import RESPParser
import TestSupport
import Time

@testable import RESPProxy

/// One event loop of a proxy whose server is the test: it sees what is asked on the fill lane, and answers.
final class LoopUnderTest {
    /// Whose answers count for the trust in the cache beside those of the loop's own lane.
    static let otherLane: LaneID = 1

    let coherence: Coherence
    let cache: ValueCache
    private let eventLoop = EmbeddedEventLoop()
    private let loops: ProxyLoops
    private let loop: ProxyLoop
    private let opened: OpenedChannels
    private let lane: EmbeddedChannel
    private let client: EmbeddedChannel

    init() throws {
        let configuration = ProxyConfiguration.underTest
        opened = OpenedChannels()
        loops = try ProxyLoops.make(
            on: [eventLoop], configuration: configuration, connector: opened.connector(configuration.backing),
            logger: .silent
        ).wait()
        cache = loops.cache
        coherence = loops.coherence(of: .first)
        loop = loops.parts(of: eventLoop).loop
        loop.start()
        eventLoop.run()
        lane = try opened.takeFirst()
        client = EmbeddedChannel(loop: eventLoop)
        client.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try client.pipeline.syncOperations.addHandler(RESPSession(loop: loop, channel: client))
        try serve("*1\r\n*7\r\n$3\r\nget\r\n:2\r\n*1\r\n+readonly\r\n:1\r\n:1\r\n:1\r\n*0\r\n")
        loop.nodes[.first].admissionChanged(to: true)
        try beTracked()
    }

    private func beTracked() throws {
        loops.feedStands(of: .first, for: loop)
        eventLoop.run()
        try serve("$12\r\nrun_id:abc\r\n\r\n")
        try serve("+OK\r\n")
    }

    /// Other settings, those of the start changed.
    func apply(_ change: (inout LiveSettings) -> Void) throws {
        var settings = loop.configuration.live
        change(&settings)
        try loops.apply(settings).wait()
    }

    var deniesRemoteClients: Bool { loop.deniesRemoteClients }

    /// Whether the cache counts.
    func trust(_ isTrusted: Bool) {
        coherence.laneIsUp(Self.otherLane, now: isTrusted ? MonotonicClock.now() : 0)
    }

    /// What the lane has been sent since the last look, without line ends.
    func asked() throws -> String {
        eventLoop.run()
        return try lane.takeSent()
    }

    /// The server answers on the lane.
    func serve(_ replies: String) throws {
        _ = try asked()
        try lane.writeInbound(ByteBuffer(string: replies))
        eventLoop.run()
    }

    /// The server ends the lane's connection.
    func loseLane() throws {
        _ = try asked()
        lane.close(promise: nil)
        eventLoop.run()
    }

    /// The server is left.
    ///
    /// - Returns: To be done when all connections to it are closed.
    func leaveServer() -> EventLoopPromise<Void> {
        let closed = eventLoop.makePromise(of: Void.self)
        _ = loops.leave(.first) { closed.futureResult }
        return closed
    }

    /// Another is there.
    func serverIsFound() {
        loops.found(.first)
        eventLoop.run()
    }

    /// Nobody can connect.
    var refusesConnections: Bool {
        get { opened.refuses }
        set { opened.refuses = newValue }
    }

    /// How many connections have been opened so far, but for the first.
    func connections() -> Int {
        eventLoop.run()
        return opened.all.count
    }

    /// The server ends connections for replies that are longer than that.
    func limitReplies(to bytes: Int) { loop.nodes[.first].limitsChanged(to: ServerLimits(untakenReplies: bytes)) }

    /// The server answers to a command on whichever other connection it has come; false: it has come on none.
    func serveElsewhere(_ command: String, _ replies: String) throws -> Bool {
        eventLoop.run()
        for channel in opened.all {
            var sent = try channel.takeSent()
            // A spare one is asked first whether it is let in.
            if sent.hasPrefix("*2 $5 HELLO ") {
                try channel.writeInbound(ByteBuffer(string: greeting(.resp2)))
                eventLoop.run()
                sent = try channel.takeSent()
            }
            guard sent.hasSuffix(command) else { continue }
            try channel.writeInbound(ByteBuffer(string: replies))
            eventLoop.run()
            return true
        }
        return false
    }

    /// All that barriers need is answered.
    func answerBarrier() {
        let now = MonotonicClock.now()
        coherence.feedAnswered(sent: now)
        coherence.lane(0, answered: now)
        coherence.lane(Self.otherLane, answered: now)
        eventLoop.run()
    }

    /// The cache has the key, read on another lane.
    func cache(_ key: String, _ value: String) {
        if let ticket = begin(key) { end(ticket, value) }
    }

    /// A fetch of the key begins on another lane; nil: the cache has it.
    func begin(_ key: String) -> FillTicket? {
        let bytes = ByteBuffer(string: key)
        let found = cache.lookUp(
            bytes.readableBytesSpan, now: MonotonicClock.now(), lane: Self.otherLane, outstandingLane: nil,
            copy: { _ in },
            waiter: { WaitingRead(waiter: Nobody(eventLoop: eventLoop), request: 0, lane: Self.otherLane, asked: 0) })
        guard case .miss(let ticket) = found else { return nil }
        return ticket
    }

    /// It has brought that value.
    func end(_ ticket: FillTicket, _ value: String) {
        _ = cache.complete(
            ticket, withBytes: ByteBuffer(string: value).readableBytesSpan, deadline: nil, now: MonotonicClock.now())
    }

    /// It is announced that the key has changed.
    func invalidate(_ key: String) { cache.invalidate(ByteBuffer(string: key).readableBytesSpan) }

    /// The client asks for keys, all in one write.
    func get(_ keys: String...) throws {
        var bytes = ByteBuffer()
        for key in keys { RESPEncoder.command([Array("GET".utf8), Array(key.utf8)], into: &bytes) }
        try client.writeInbound(bytes)
        eventLoop.run()
    }

    /// The client sends a command.
    func send(_ words: String...) throws {
        var bytes = ByteBuffer()
        RESPEncoder.command(words.map { Array($0.utf8) }, into: &bytes)
        try client.writeInbound(bytes)
        eventLoop.run()
    }

    /// What the client has been answered since the last look, without line ends.
    func answered() throws -> String {
        eventLoop.run()
        return try client.takeSent()
    }

    func finish() {
        client.close(promise: nil)
        _ = loop.stop()
        coherence.stopped()
        eventLoop.run()
    }
}

/// Stands for a waiter whom nobody tells anything.
final class Nobody: FillWaiter {
    let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func fillEnded(request: UInt64, outcome: FillOutcome, isNewerThanCache: Bool) {}
}
