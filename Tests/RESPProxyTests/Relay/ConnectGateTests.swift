import NIOCore
import NIOEmbedded
import Testing
import Time

@testable import RESPProxy

@Suite("How many connections to the backing are opened at once")
struct ConnectGateTests {
    private final class Opening {
        var promises: [EventLoopPromise<any Channel>] = []
        var channels: [EmbeddedChannel] = []
    }

    @Test("the rest wait until the server has spoken on one, closed it, refused it, or time has passed")
    func turns() throws {
        let loop = EmbeddedEventLoop()
        let gate = ConnectGate(eventLoop: loop)
        let opening = Opening()
        for _ in 0..<(ConnectGate.limit + 5) {
            _ = gate.open {
                let promise = loop.makePromise(of: (any Channel).self)
                opening.promises.append(promise)
                return promise.futureResult
            }
        }
        #expect(opening.promises.count == ConnectGate.limit)
        #expect(gate.isFull)
        for index in 0..<3 {
            let channel = EmbeddedChannel(loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            opening.channels.append(channel)
            opening.promises[index].succeed(channel)
        }
        #expect(opening.promises.count == ConnectGate.limit)
        try opening.channels[0].writeInbound(ByteBuffer(string: "+OK\r\n"))
        try opening.channels[0].writeInbound(ByteBuffer(string: "+OK\r\n"))
        #expect(opening.promises.count == ConnectGate.limit + 1)
        #expect(try opening.channels[0].readInbound(as: ByteBuffer.self) == ByteBuffer(string: "+OK\r\n"))
        opening.channels[1].pipeline.fireChannelInactive()
        #expect(opening.promises.count == ConnectGate.limit + 2)
        opening.promises[3].fail(ChannelError.connectTimeout(.seconds(1)))
        #expect(opening.promises.count == ConnectGate.limit + 3)
        loop.advanceTime(by: TimeAmount(ConnectGate.patience))
        #expect(opening.promises.count == ConnectGate.limit + 4)
        for promise in opening.promises.dropFirst(4) { promise.fail(ChannelError.eof) }
        #expect(opening.promises.count == ConnectGate.limit + 5)
        opening.promises.last?.fail(ChannelError.eof)
    }

    @Test("what many wait for does not wait behind those who want one each")
    func forMany() {
        let loop = EmbeddedEventLoop()
        let gate = ConnectGate(eventLoop: loop)
        var promises: [EventLoopPromise<any Channel>] = []
        func open(isForMany: Bool) {
            _ = gate.open(isForMany: isForMany) {
                let promise = loop.makePromise(of: (any Channel).self)
                promises.append(promise)
                return promise.futureResult
            }
        }
        for _ in 0..<(ConnectGate.limit + 1) { open(isForMany: false) }
        #expect(promises.count == ConnectGate.limit)
        open(isForMany: true)
        #expect(promises.count == ConnectGate.limit + 1)
        for promise in promises { promise.fail(ChannelError.eof) }
        #expect(promises.count == ConnectGate.limit + 2)
        promises.last?.fail(ChannelError.eof)
    }

    @Test("however many wait, all hear at once that the server is away")
    func serverAway() {
        let loop = EmbeddedEventLoop()
        let gate = ConnectGate(eventLoop: loop)
        let promises = (0..<ConnectGate.limit).map { _ in loop.makePromise(of: (any Channel).self) }
        for promise in promises { _ = gate.open { promise.futureResult } }
        var refused = 0
        for _ in 0..<100_000 {
            gate.open { loop.makeFailedFuture(ChannelError.eof) }.assumeIsolated().whenFailure { _ in refused += 1 }
        }
        #expect(refused == 0)
        promises[0].fail(ChannelError.eof)
        #expect(refused == 100_000)
        #expect(!gate.isFull)
        for promise in promises.dropFirst() { promise.fail(ChannelError.eof) }
    }
}
