import Logging
import NIOCore
import NIOEmbedded
import RESPProxy
import Testing

@testable import HTTPFacade

/// A facade connection without a socket: bytes in, responses out.
final class HTTPConnection {
    let reader: FakeReader
    let observer = FakeObserver()
    let limiter: HTTPLimiter
    let channel = EmbeddedChannel()
    private let facade: HTTPFacade
    private let reads = ReadCounter()

    init(
        reader: FakeReader = FakeReader(), limiter: HTTPLimiter? = nil, requiresCredentials: Bool = false,
        configure: (inout HTTPConfiguration) -> Void = { _ in }
    ) throws {
        self.reader = reader
        reader.eventLoop = channel.eventLoop
        if requiresCredentials { reader.requiresCredentials = true }
        var configuration = HTTPConfiguration()
        configure(&configuration)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.limiter = limiter ?? HTTPLimiter(maxClients: configuration.maxClients, logger: logger)
        facade = HTTPFacade(
            reader: reader, flusher: ReplyFlusher(eventLoop: channel.eventLoop), configuration: configuration,
            limiter: self.limiter, logger: logger, observer: observer)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(reads)
        try facade.configure(channel)
    }

    deinit {
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    var isOpen: Bool { channel.isActive }
    /// How often the connection has asked its socket for more.
    var readsAsked: Int { reads.count }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// As one read from the socket, with its end.
    func send(_ bytes: [UInt8]) throws {
        guard channel.isActive else { return }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func closeInput() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func finishFill(_ outcome: FillOutcome) {
        reader.endFill(outcome)
    }

    func received() throws -> [UInt8] {
        var bytes: [UInt8] = []
        // The end of the turn, at which responses are sent.
        channel.embeddedEventLoop.run()
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        return bytes
    }

    /// All responses that have come since the last call.
    ///
    /// - Parameter heads: How many of the responses, from the first, answer `HEAD` and so have no body.
    func responses(toHead heads: Int = 0) throws -> [Response] {
        var rest = try received()[...]
        var responses: [Response] = []
        while !rest.isEmpty {
            responses.append(try #require(Response(&rest, hasBody: responses.count >= heads)))
        }
        return responses
    }

    /// Sends a `GET` and gives its one response.
    func get(_ target: String, _ fields: String...) throws -> Response {
        try send("GET \(target) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
        let responses = try responses()
        #expect(responses.count == 1)
        return try #require(responses.first)
    }
}

private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

/// A response, parsed by the tests' own rules.
struct Response: Equatable {
    var status: Int
    var fields: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
    subscript(name: String) -> String? { fields[name.lowercased()] }

    init?(_ bytes: inout ArraySlice<UInt8>, hasBody: Bool) {
        let end: [UInt8] = [13, 10, 13, 10]
        guard let head = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: bytes[..<head], as: UTF8.self).split(separator: "\r\n")
        bytes = bytes[(head + 4)...]
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else {
            return nil
        }
        self.status = status
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let name = line[..<colon].lowercased()
            guard fields[name] == nil else { return nil }
            fields[name] = String(line[line.index(after: colon)...].drop(while: { $0 == " " }))
        }
        if hasBody, let length = fields["content-length"].flatMap({ Int($0) }) {
            guard bytes.count >= length else { return nil }
            body = Array(bytes.prefix(length))
            bytes = bytes.dropFirst(length)
        }
    }
}
