import BackingClient
import HTTPFacade
import LocalCache
import Logging
import NIOCore
import NIOEmbedded
import RESPParser
import TestSupport
import Time
import TransportSecurity

@testable import RESPProxy

/// The proxy's own parts on two event loops, a model of a server, and a few clients, all in one thread; a seed decides what happens next.
final class World {
    static let hot = ["a", "b"]
    static let pair = ["p", "q"]
    /// Written once, so that nothing but what they are a test of corrects what is known of them.
    static let cold = ["c", "d"]

    /// What happens in a world. Where everything does, hardly anything stays in the cache for long.
    private enum Kind: UInt64 {
        /// Little is written, and no connection is lost.
        case calm
        /// Writes happen only while a connection is lost on which they would have been announced.
        case losses
        case everything
    }

    private let seed: UInt64
    private let kind: Kind
    private var generator: SeededGenerator
    private let eventLoops = [EmbeddedEventLoop(), EmbeddedEventLoop()]
    /// nil: the server is always the same.
    private let primaries: ModelPrimaries?
    private let first: ModelServer
    /// The one that holds what is true.
    private var server: ModelServer { self.primaries?.primary ?? self.first }
    private let network: Network
    private let proxy: ProxyLoops
    private var clients: [SimulatedClient] = []
    private var checker: SimulationChecker
    private var writes = 0
    private(set) var steps = 0
    private var log: [String] = []
    /// The first thing that went wrong, with what happened before it.
    private(set) var violation: String?

    /// Commands whose replies were checked.
    var checked: Int { self.checker.checked }

    /// How often another server became the primary.
    var failovers: Int { self.primaries?.failovers ?? 0 }

    /// Answers from the cache.
    var hits: UInt64 { self.proxy.cache.statistics.hits }

    /// - Parameter hasSentinels: the primary is another one from time to time, and Sentinels tell which.
    init(seed: UInt64, hasSentinels: Bool = false) throws {
        MonotonicClock.simulated.store(1_000_000_000_000, ordering: .relaxed)
        self.seed = seed
        self.kind = Kind(rawValue: seed % 3) ?? .everything
        self.generator = SeededGenerator(seed: seed)
        let tracking = TrackingConfiguration()
        let backing = BackingConfiguration(
            address: .tcp(host: "model", port: 6379), wrapsInTransaction: false, tracking: tracking)
        let configuration = ProxyConfiguration(
            backing: backing, coherence: .tracking,
            live: LiveSettings(
                cache: CacheConfiguration(capacity: 100, expiry: nil, memoryLimit: 1 << 20), protectedMode: false))
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let server = ModelServer { Self.now }
        let network = Network()
        let primaries = hasSentinels ? ModelPrimaries(server, seed: seed, on: self.eventLoops[0]) : nil
        let shared = UncheckedNetwork(network: network, server: server, primaries: primaries)
        let connector = BackingConnector(
            configuration: backing, location: primaries?.location, generator: { SteadyGenerator(state: seed) }
        ) { eventLoop, initializer in
            shared.network.open(to: shared.primaries?.server() ?? shared.server, on: eventLoop, initializer)
        }
        let limiter = HTTPLimiter(maxClients: 100, logger: logger)
        self.proxy = try ProxyLoops.make(
            on: self.eventLoops, configuration: configuration, connector: connector, logger: logger
        ) { loop in
            SimulatedHTTPSide(
                HTTPFacade(proxyLoop: loop, configuration: HTTPConfiguration(), limiter: limiter, logger: logger))
        }.wait()
        self.first = server
        self.primaries = primaries
        self.network = network
        self.checker = SimulationChecker(
            chronicle: server.chronicle, bound: UInt64(tracking.trust.nanoseconds) + 1_000_000)
        for key in Self.cold { server.run("SET", key, "cold \(key)") }
        // Then whoever waits on a fill connection that is lost asks on one of its own, and hears no error.
        if (seed / 3).isMultiple(of: 2) { server.replyLimit = 1 << 20 }
        _ = self.proxy.start()
        primaries?.start(self.proxy) { [unowned self] in self.note($0) }
        for number in 0..<6 { self.clients.append(try self.newClient(number)) }
    }

    /// The time, without moving it on.
    static var now: UInt64 { MonotonicClock.simulated.load(ordering: .relaxed) }

    /// Plays until something is wrong, or so many steps are done.
    func play(steps: Int) throws {
        while self.steps < steps, self.violation == nil {
            self.steps += 1
            try self.step()
            try self.network.collect()
            for client in self.clients { try self.hear(client) }
        }
        if let violation {
            self.violation = """
                \(violation)
                  SIMULATION_SEED=\(self.seed), step \(self.steps); what happened before:
                \(self.log.suffix(60).map { "  " + $0 }.joined(separator: "\n"))
                """
        }
        self.end()
    }

    /// Nothing of this world may be left for the next.
    private func end() {
        for client in self.clients { client.channel.close(promise: nil) }
        self.primaries?.stop()
        _ = self.proxy.stop()
        for connection in self.network.connections { connection.channel.close(promise: nil) }
        for _ in 0..<100 { self.network.establish() }
        for _ in 0..<10 { for eventLoop in self.eventLoops { eventLoop.run() } }
        for connection in self.network.connections { connection.channel.close(promise: nil) }
        MonotonicClock.simulated.store(0, ordering: .relaxed)
    }

    private func note(_ text: @autoclosure () -> String) {
        if self.log.count > 400 { self.log.removeFirst(300) }
        self.log.append("\(self.steps) (\((Self.now - 1_000_000_000_000) / 1_000) µs): \(text())")
    }

    private func draw(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self.generator) }

    private func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &self.generator) }

    // MARK: What can happen

    private func step() throws {
        self.primaries?.timePassed()
        switch self.draw(0..<1000) {
        case 0..<250: self.eventLoops[self.draw(0..<2)].run()
        case 250..<330: self.network.establish()
        case 330..<560: try self.deliverToServer()
        case 560..<790: try self.deliverToProxy()
        case 790..<900: try self.ask()
        case 900..<907: if self.kind != .losses { self.writeElsewhere() }
        case 907..<910: self.server.expireOne()
        case 910..<993: self.pass(nanoseconds: UInt64(self.draw(1..<200_000)))
        case 993..<997: self.pass(nanoseconds: UInt64(self.draw(1..<40)) * 1_000_000)
        default: try self.fault()
        }
    }

    private var faultNumber: Int {
        switch self.kind {
        case .calm: [0, 0, 0, 0, 5, 16][self.draw(0..<6)]
        case .losses: self.draw(0..<4) == 0 ? 0 : 7
        case .everything: self.draw(0..<20)
        }
    }

    private func fault() throws {
        if let primaries, self.draw(0..<3) == 0 { return primaries.failOver() }
        switch self.faultNumber {
        case 0..<3: self.pass(nanoseconds: UInt64(self.draw(100..<1500)) * 1_000_000)
        case 3..<5:
            guard let connection = self.pick(self.network.connections) else { return }
            let end = Self.now + UInt64(self.draw(10..<4000)) * 1_000_000
            connection.silentUntil = end
            self.note("\(connection.number) falls silent")
        case 5..<7: self.silenceFeed()
        case 7..<15:
            let isTracked = self.network.connections.filter { $0.client.redirect != nil || $0.client.isSubscribed }
            guard let connection = self.pick(isTracked) else { return }
            self.note("the server kills \(connection.number)")
            connection.toProxy += connection.client.outgoing
            connection.client.outgoing = []
            connection.server.kill(connection.client)
            // Of a connection that reads values nothing but its own end tells, which may be long on its way.
            if connection.client.redirect != nil, self.draw(0..<2) == 0 {
                connection.silentUntil = Self.now + UInt64(self.draw(1..<100)) * 1_000_000
            }
            // What changes at the same moment is announced to nobody.
            for key in Self.hot + Self.cold { self.server.run("SET", key, self.newValue()) }
        case 15..<16:
            self.note("a restart")
            self.server.restart()
        case 16..<18:
            self.note("SWAPDB")
            self.server.run("SWAPDB", "0", "1")
        default:
            let index = self.draw(0..<self.clients.count)
            self.note("client \(index) leaves")
            self.clients[index].channel.close(promise: nil)
            self.clients[index] = try self.newClient(index)
        }
    }

    /// The connection of announcements, and nothing else, hangs, while time passes that the others get over.
    private func silenceFeed() {
        guard let feed = self.network.connections.first(where: \.client.isSubscribed) else { return }
        self.note("the feed falls silent")
        feed.silentUntil = Self.now + UInt64(self.draw(1000..<9000)) * 1_000_000
    }

    private func newClient(_ number: Int) throws -> SimulatedClient {
        let index = number % 2
        let parts = self.proxy.parts(of: self.eventLoops[index])
        guard number < 4 else {
            return try SimulatedClient(number: number, .http, on: self.eventLoops[index]) {
                try parts.httpSide?.configure($0, client: nil, user: nil)
            }
        }
        return try SimulatedClient(number: number, .resp, on: self.eventLoops[index]) { channel in
            try channel.pipeline.syncOperations.addHandler(RESPSession(loop: parts.loop, channel: channel))
        }
    }

    private func pass(nanoseconds: UInt64) {
        MonotonicClock.simulated.add(nanoseconds, ordering: .relaxed)
        for eventLoop in self.eventLoops { eventLoop.advanceTime(by: .nanoseconds(Int64(nanoseconds))) }
    }

    // MARK: The network

    private func deliverToServer() throws {
        let now = Self.now
        let waiting = self.network.connections.filter { !$0.toServer.isEmpty && $0.silentUntil <= now }
        guard let connection = self.pick(waiting) else { return }
        let count = self.pieceLength(connection.toServer.count)
        let bytes = Array(connection.toServer.prefix(count))
        connection.toServer.removeFirst(count)
        self.note("\(connection.number) → server: \(printable(bytes))")
        if !connection.client.isClosed { try connection.server.receive(bytes, from: connection.client) }
    }

    private func deliverToProxy() throws {
        let now = Self.now
        let waiting = self.network.connections.filter {
            (!$0.toProxy.isEmpty || $0.client.isClosed) && $0.silentUntil <= now && $0.channel.isActive
        }
        guard let connection = self.pick(waiting) else { return }
        guard !connection.toProxy.isEmpty else {
            self.note("\(connection.number) ends")
            connection.channel.close(promise: nil)
            return
        }
        let count = self.pieceLength(connection.toProxy.count)
        let bytes = Array(connection.toProxy.prefix(count))
        connection.toProxy.removeFirst(count)
        self.note("\(connection.number) → proxy: \(printable(bytes.prefix(100)))")
        try connection.channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    private func pieceLength(_ count: Int) -> Int { self.draw(0..<4) == 0 ? self.draw(1..<(count + 1)) : count }

    // MARK: Clients

    private func newValue() -> String {
        self.writes += 1
        return "v\(self.writes)"
    }

    private func writeElsewhere() {
        let key = Self.hot[self.draw(0..<2)]
        switch self.draw(0..<8) {
        case 0: self.server.run("DEL", key)
        case 1: self.server.run("SET", key, self.newValue(), "PX", "\(self.draw(1..<60))")
        case 2, 3:
            let value = self.newValue()
            self.server.run("MSET", Self.pair[0], value, Self.pair[1], value)
        default: self.server.run("SET", key, self.newValue())
        }
        self.note(
            "elsewhere something is written; \(Self.hot.map { "\($0)=\(self.server.history[$0]?.last?.value ?? "")" })")
    }

    private func ask() throws {
        guard let client = self.pick(self.clients), client.questions.count < 4 else { return }
        let questions = (0..<self.draw(1..<4)).map { _ in self.question(of: client) }
        self.note("client \(client.number) asks \(questions.map { $0.words.joined(separator: " ") })")
        try client.ask(questions)
    }

    private func question(of client: SimulatedClient) -> SimulationQuestion {
        let key = (Self.hot + Self.pair + Self.cold)[self.draw(0..<6)]
        let hot = Self.hot[self.draw(0..<2)]
        var question = SimulationQuestion(words: ["GET", key], sent: Self.now)
        // All but two only read, and most of these never several keys, so that they hardly ever wait for a barrier.
        let first = [self.kind == .everything ? 0 : 6, 6, 8, 12, 12, 12][client.number]
        switch self.draw(first..<64) {
        case 0: question.words = ["SET", hot, self.newValue()]
        case 1: question.words = ["SET", hot, self.newValue(), "PX", "\(self.draw(1..<60))"]
        case 2: question.words = ["DEL", hot]
        case 3: question.words = ["EVAL", "script", "0", hot, self.newValue()]
        case 4:
            question.words = ["SET", hot, self.newValue()]
            question.isTransaction = true
        case 5:
            let value = self.newValue()
            question.words = ["MSET", Self.pair[0], value, Self.pair[1], value]
        case 6, 7: question.words = ["INCR", "lock"]
        case 8, 9, 10, 11: question.words = ["MGET"] + Self.pair
        default: break
        }
        question.floors = self.checker.floors(of: Array(question.words.dropFirst()))
        return question
    }

    private func hear(_ client: SimulatedClient) throws {
        for (question, reply) in try client.replies() where self.violation == nil {
            self.note("client \(client.number) hears of \(question.words.joined(separator: " ")): \(reply)")
            if reply.isError { continue }
            if let fault = self.check(question, reply, client) {
                self.violation = "\(fault); client \(client.number), \(question.words): \(reply)"
            }
        }
    }

    private func check(_ question: SimulationQuestion, _ reply: ReplyValue, _ client: SimulatedClient) -> String? {
        let words = question.words
        switch words[0] {
        case "GET":
            let value = reply.bytes.map { String(decoding: $0, as: UTF8.self) }
            return self.checker.saw(words[1], value, question, by: client, now: Self.now)
        case "MGET":
            let values = (reply.elements ?? []).map { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
            for (key, value) in zip(words.dropFirst(), values) {
                if let fault = self.checker.saw(key, value, question, by: client, now: Self.now) { return fault }
            }
            return self.checker.sawTogether(Array(words.dropFirst()), values, question)
        case "SET": self.checker.wrote([(words[1], words[2])], since: question.sent)
        case "DEL": self.checker.wrote([(words[1], nil)], since: question.sent)
        case "MSET": self.checker.wrote([(words[1], words[2]), (words[3], words[4])], since: question.sent)
        case "EVAL":
            self.checker.wrote([(words[3], words[4])], since: question.sent)
            client.told = max(client.told, reply.integer.flatMap(Int.init(exactly:)) ?? 0)
        default: client.told = max(client.told, reply.integer.flatMap(Int.init(exactly:)) ?? 0)
        }
        return nil
    }
}

/// The HTTP connections of one event loop.
private final class SimulatedHTTPSide: HTTPSide {
    private let facade: HTTPFacade

    init(_ facade: HTTPFacade) { self.facade = facade }

    func configure(_ channel: any Channel, client: SocketAddress?, user: CertificateUser?) throws {
        try self.facade.configure(channel)
    }
    func refusal(_ reason: LoopMetrics.Refusal) -> ByteBuffer { ByteBuffer() }
}

/// Everything is in one thread.
private struct UncheckedNetwork: @unchecked Sendable {
    let network: Network
    let server: ModelServer
    let primaries: ModelPrimaries?
}
