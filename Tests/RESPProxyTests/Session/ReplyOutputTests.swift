import NIOCore
import NIOEmbedded
import Testing

@testable import RESPProxy

@Suite("Replies on their way to a client")
final class ReplyOutputTests {
    /// Gives the output a context to write to.
    private final class Owner: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let output: ReplyOutput
        init(_ output: ReplyOutput) { self.output = output }
        func handlerAdded(context: ChannelHandlerContext) { output.attach(to: context) }
    }

    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel
    private let output: ReplyOutput

    init() throws {
        channel = EmbeddedChannel(loop: loop)
        output = ReplyOutput(channel: channel, flusher: ReplyFlusher(eventLoop: loop))
        try channel.pipeline.syncOperations.addHandler(Owner(output))
    }

    /// What has been sent, write by write.
    private func sent() throws -> [String] {
        var sent: [String] = []
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { sent.append(String(buffer: bytes)) }
        return sent
    }

    @Test("what is answered in a turn is one write, sent once the event loop's turn is over")
    func oneWrite() throws {
        output.open()
        output.write(.value(ByteBuffer(string: "v")), .resp2)
        output.write(.null, .resp3)
        output.write(.error(Array("ERR x".utf8)), .resp2)
        #expect(output.pendingBytes == "$1\r\nv\r\n_\r\n-ERR x\r\n".utf8.count)
        output.endTurn()
        #expect(try sent().isEmpty)
        loop.run()
        #expect(try sent() == ["$1\r\nv\r\n_\r\n-ERR x\r\n"])
        #expect(output.pendingBytes == 0)
    }

    @Test("a long value is written where it lies, in its place")
    func longValue() throws {
        let value = String(repeating: "v", count: ReplyOutput.referenceThreshold)
        output.open()
        output.write(.null, .resp2)
        output.write(.value(ByteBuffer(string: value)), .resp2)
        output.write(.null, .resp2)
        output.endTurn()
        loop.run()
        #expect(try sent() == ["$-1\r\n$16384\r\n", value, "\r\n$-1\r\n"])
    }

    @Test("replies of the server come behind what was collected before them")
    func order() throws {
        output.open()
        output.write(.null, .resp2)
        output.send(ByteBuffer(string: "+OK\r\n"))
        output.writeShared(ByteBuffer(string: ":1\r\n"))
        output.endTurn()
        loop.run()
        #expect(try sent().joined() == "$-1\r\n+OK\r\n:1\r\n")
    }

    @Test("the last reply is given once")
    func lastReply() {
        #expect(!output.hasLastReply)
        output.end(with: ByteBuffer(string: "+OK\r\n"))
        #expect(output.hasLastReply)
        #expect(output.takeLastReply() == ByteBuffer(string: "+OK\r\n"))
        #expect(output.takeLastReply() == nil)
    }

    @Test("what a client does not take of replies on a shared connection is counted until it takes more")
    func backlog() {
        channel.isWritable = false
        output.writeShared(ByteBuffer(string: ":1\r\n"))
        #expect(output.backlog == 4 && !output.hasBacklog)
        output.forgetBacklog()
        #expect(output.backlog == 0)
        channel.isWritable = true
        output.writeShared(ByteBuffer(string: ":1\r\n"))
        #expect(output.backlog == 0)
    }
}
