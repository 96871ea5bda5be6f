import BackingClient
import LocalCache
import NIOCore
import NIOEmbedded
import RESPParser
import TestSupport
import Time

@testable import RESPProxy

/// One event loop of a proxy in front of two servers, each of which is the test. A key that begins with `1` is the second server's, any other the first's.
final class ServersUnderTest {
    /// One of the servers, as its connections show it.
    final class Server {
        let id: ServerID
        fileprivate let opened = OpenedChannels()
        fileprivate var lane: EmbeddedChannel?
        fileprivate var relayed = ""

        fileprivate init(_ id: ServerID) { self.id = id }
    }

    let servers = [Server(.first), Server(ServerID(number: 1))]
    let cache: ValueCache
    private static let table = [
        "*3\r\n", "*7\r\n$3\r\nget\r\n:2\r\n*1\r\n+readonly\r\n:1\r\n:1\r\n:1\r\n*1\r\n+@read\r\n",
        "*7\r\n$3\r\nset\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:1\r\n:1\r\n*1\r\n+@write\r\n",
        "*7\r\n$5\r\nmulti\r\n:1\r\n*0\r\n:0\r\n:0\r\n:0\r\n*1\r\n+@transaction\r\n",
    ].joined()
    private let eventLoop = EmbeddedEventLoop()
    private let loops: ProxyLoops
    private let loop: ProxyLoop
    private let client: EmbeddedChannel

    init() throws {
        let configuration = ProxyConfiguration.underTest
        let connectors = servers.map { $0.opened.connector(configuration.backing) }
        let map = ServerMap(count: 2) { key in
            key.byteCount > 0 && key.unsafeLoad(as: UInt8.self) == UInt8(ascii: "1") ? ServerID(number: 1) : .first
        }
        loops = try ProxyLoops.make(
            on: [eventLoop], configuration: configuration, map: map, connectors: connectors,
            logger: .silent, httpSide: nil
        ).wait()
        cache = loops.cache
        loop = loops.parts(of: eventLoop).loop
        loop.start()
        eventLoop.run()
        client = EmbeddedChannel(loop: eventLoop)
        client.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try client.pipeline.syncOperations.addHandler(RESPSession(loop: loop, channel: client))
        for server in servers { try begin(server) }
    }

    /// Its lane logs in, and is told of changes.
    private func begin(_ server: Server) throws {
        server.lane = try server.opened.takeFirst()
        try serve(server, Self.table)
        loop.nodes[server.id].admissionChanged(to: true)
        loops.feedStands(of: server.id, for: loop)
        eventLoop.run()
        try serve(server, "$12\r\nrun_id:abc\r\n\r\n")
        try serve(server, "+OK\r\n")
        _ = try asked(server)
    }

    /// The cache knows a key as one with a value that is too long for it.
    func cacheLarge(_ key: String, of server: Server) {
        let bytes = ByteBuffer(string: key)
        let lane = LaneID(loop: 1, server: server.id)
        let found = cache.lookUp(
            bytes.readableBytesSpan, now: MonotonicClock.now(), lane: lane, outstandingLane: nil, copy: { _ in },
            waiter: { WaitingRead(waiter: Nobody(eventLoop: eventLoop), request: 0, lane: lane, asked: 0) })
        guard case .miss(let ticket) = found else { return }
        _ = cache.complete(
            ticket, with: .value(Fill(value: .large(length: 9), size: 0, deadline: nil)), now: MonotonicClock.now())
    }

    /// What a server's lane has been sent since the last look, without line ends.
    func asked(_ server: Server) throws -> String {
        eventLoop.run()
        return try server.lane?.takeSent() ?? ""
    }

    /// A server answers on its lane.
    func serve(_ server: Server, _ replies: String) throws {
        _ = try asked(server)
        try server.lane?.writeInbound(ByteBuffer(string: replies))
        eventLoop.run()
    }

    /// What of a client's commands a server has been sent since the last look, on other connections than its lane.
    func relayed(_ server: Server) throws -> String {
        while try collectRelayed() {}
        defer { server.relayed = "" }
        return server.relayed
    }

    /// - Returns: Whether a server has answered a question of the proxy's own, so that more may come.
    private func collectRelayed() throws -> Bool {
        eventLoop.run()
        var hasAnswered = false
        for server in servers {
            for channel in server.opened.all {
                let sent = try channel.takeSent()
                if sent.contains(" HELLO ") {
                    try channel.writeInbound(ByteBuffer(string: greeting(.resp2)))
                    hasAnswered = true
                } else if !sent.contains(" CONFIG "), Self.clientCommands.contains(where: { sent.contains($0) }) {
                    server.opened.last = channel
                    server.relayed += sent
                }
            }
        }
        return hasAnswered
    }

    private static let clientCommands = [" SET ", " GET ", " MULTI "]

    /// A server answers on the connection on which it was last sent something.
    func serveRelayed(_ server: Server, _ replies: String) throws {
        try server.opened.last?.writeInbound(ByteBuffer(string: replies))
        eventLoop.run()
    }

    /// The client sends commands, all in one write.
    func send(_ commands: String...) throws {
        var bytes = ByteBuffer()
        for command in commands {
            RESPEncoder.command(command.split(separator: " ").map { Array($0.utf8) }, into: &bytes)
        }
        try client.writeInbound(bytes)
        eventLoop.run()
    }

    /// What the client has been answered since the last look, without line ends.
    func answered() throws -> String {
        eventLoop.run()
        return try client.takeSent()
    }

    /// All that barriers need is answered by one server.
    func answerBarrier(_ server: Server) {
        let now = MonotonicClock.now()
        loops.coherence(of: server.id).feedAnswered(sent: now)
        loops.coherence(of: server.id).lane(LaneID(loop: 0, server: server.id), answered: now)
        eventLoop.run()
    }

    func finish() {
        client.close(promise: nil)
        _ = loop.stop()
        for server in servers { loops.coherence(of: server.id).stopped() }
        eventLoop.run()
    }
}
