import HTTPFacade
import NIOCore
import NIOEmbedded
import RESPParser

@testable import RESPProxy

/// A client of the proxy: its connection, and what it has asked and not heard yet.
final class SimulatedClient {
    /// What it speaks.
    enum Language {
        case resp
        /// It only reads single keys, all on one connection.
        case http
    }

    /// A command with its reply still to come.
    struct Question {
        var words: [String]
        /// Positions that no reply may be behind, as of when it was sent, by key.
        var floors: [String: Int] = [:]
        var sent: UInt64
        var isTransaction = false
    }

    let number: Int
    let language: Language
    let channel: EmbeddedChannel
    var questions: [Question] = []
    /// By key, the position that was seen last.
    var seen: [String: Int] = [:]
    /// The newest point of the server's sequence that a reply has named.
    var told = 0
    private var received = ByteBuffer()
    private var scanner = FrameScanner()
    private var scanned = 0

    init(
        number: Int, _ language: Language, on eventLoop: EmbeddedEventLoop,
        configure: (EmbeddedChannel) throws -> Void
    ) throws {
        self.number = number
        self.language = language
        self.channel = EmbeddedChannel(loop: eventLoop)
        if let address = Network.address { self.channel.connect(to: address, promise: nil) }
        try configure(self.channel)
    }

    func ask(_ questions: [Question]) throws {
        self.questions += questions
        var bytes = ByteBuffer()
        for question in questions {
            guard self.language == .resp else {
                bytes.writeString("GET /\(question.words[1]) HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n")
                continue
            }
            let commands =
                question.isTransaction ? [["MULTI"], question.words, ["EXEC"]] : [question.words]
            for command in commands { RESPEncoder.command(command.map { Array($0.utf8) }, into: &bytes) }
        }
        try self.channel.writeInbound(bytes)
    }

    /// The replies that have come, each with its question.
    func replies() throws -> [(Question, ReplyValue)] {
        while let bytes = try self.channel.readOutbound(as: ByteBuffer.self) {
            self.received.writeImmutableBuffer(bytes)
        }
        var replies: [(Question, ReplyValue)] = []
        while let question = self.questions.first,
            let frames = try self.language == .http
                ? HTTPReply.next(&self.received) : self.frames(question.isTransaction ? 3 : 1)
        {
            self.questions.removeFirst()
            replies.append((question, frames))
        }
        return replies
    }

    private var partial = 0

    /// The last of so many replies, once all are there.
    private func frames(_ count: Int) throws -> ReplyValue? {
        while self.received.readableBytes > self.scanned {
            let bytes = self.received
            guard case .frameEnd(let end) = try self.scanner.scan(bytes.readableBytesSpan, from: self.scanned) else {
                self.scanned = self.received.readableBytes
                return nil
            }
            self.scanned = 0
            let frame = self.received.readSlice(length: end) ?? ByteBuffer()
            self.partial += 1
            if self.partial == count {
                self.partial = 0
                return try ReplyValue(decoding: frame.readableBytesSpan)
            }
        }
        return nil
    }
}
