import BackingClient
import NIOCore
import NIOEmbedded
import RESPParser
import Testing
import Time

@testable import RESPProxy

@Suite("The connections that the sessions of an event loop have in common")
struct RelayPoolTests {
    private let address: SocketAddress
    private let key = RelayKey(version: .resp2, isFillUser: false)

    init() throws {
        address = try SocketAddress(unixDomainSocketPath: "/nowhere")
    }

    /// A pool, and how many connections it has opened.
    private func pool(on eventLoop: EmbeddedEventLoop, opened: @escaping () -> Void) -> RelayPool {
        RelayPool(on: eventLoop) { [address] _ in
            opened()
            let channel = EmbeddedChannel(loop: eventLoop)
            channel.connect(to: address, promise: nil)
            return eventLoop.makeSucceededFuture(OpenedRelay(channel: channel, isProven: true))
        }
    }

    @Test("a connection is opened when a client comes, up to the number that is kept ready")
    func newcomers() {
        let eventLoop = EmbeddedEventLoop()
        var opened = 0
        let pool = pool(on: eventLoop) { opened += 1 }
        for _ in 0..<10 { pool.prepareForNewcomer(key) }
        #expect(opened == RelayPool.readySpares)
        #expect(pool.takeSpare(key, forNewcomer: false) != nil)
        #expect(opened == RelayPool.readySpares, "it comes back, or the next client brings another")
        pool.prepareForNewcomer(key)
        #expect(opened == RelayPool.readySpares + 1)
        pool.close()
    }

    @Test("a shared connection that is closed before it begins is told as lost, and the next one is opened")
    func closedAtOnce() {
        let eventLoop = EmbeddedEventLoop()
        var opened = 0
        let pool = RelayPool(on: eventLoop) { _ in
            opened += 1
            // Never connected: as one that has been closed meanwhile.
            return eventLoop.makeSucceededFuture(OpenedRelay(channel: EmbeddedChannel(loop: eventLoop)))
        }
        for round in 1...2 {
            var failure: BackingError?
            guard case .opening = pool.sharedConnection(key, hasShortReply: true, now: 0, opened: { failure = $0 })
            else {
                Issue.record("one should be opened")
                return
            }
            eventLoop.run()
            #expect(opened == round && failure != nil)
        }
        pool.close()
    }

    @Test("the first shared connection is one that stood ready, and another takes its place")
    func sharesSpare() {
        let eventLoop = EmbeddedEventLoop()
        var opened = 0
        let pool = pool(on: eventLoop) { opened += 1 }
        pool.prepareForNewcomer(key)
        guard case .ready(let connection) = pool.sharedConnection(key, hasShortReply: true, now: 0, opened: { _ in })
        else {
            Issue.record("it should be ready")
            return
        }
        #expect(opened == 2 && connection.isWritable)
        pool.close()
    }

    @Test("a shared connection is not opened beside one that is being opened for a client")
    func sharesOpening() {
        let eventLoop = EmbeddedEventLoop()
        let opening = eventLoop.makePromise(of: OpenedRelay.self)
        var attempts = 0
        let pool = RelayPool(on: eventLoop) { _ in
            attempts += 1
            return attempts == 1 ? opening.futureResult : eventLoop.makeFailedFuture(BackingError.lost)
        }
        pool.prepareForNewcomer(key)
        var told = 0
        guard case .opening = pool.sharedConnection(key, hasShortReply: true, now: 0, opened: { _ in told += 1 }) else {
            Issue.record("it should be being opened")
            return
        }
        #expect(attempts == 1)
        let channel = EmbeddedChannel(loop: eventLoop)
        channel.connect(to: address, promise: nil)
        opening.succeed(OpenedRelay(channel: channel, isProven: true))
        #expect(told == 1)
        guard case .ready = pool.sharedConnection(key, hasShortReply: true, now: 0, opened: { _ in }) else {
            Issue.record("it should stand")
            return
        }
        pool.close()
    }

    @Test("who was let in before gets the oldest connection, a newcomer the youngest")
    func ages() {
        let eventLoop = EmbeddedEventLoop()
        let pool = pool(on: eventLoop) {}
        for _ in 0..<2 { pool.prepareForNewcomer(key) }
        let youngest = pool.standingSpare(key, forNewcomer: true)
        let oldest = pool.standingSpare(key, forNewcomer: false)
        #expect(youngest != nil && oldest != nil)
        #expect((oldest?.opened ?? .distantFuture) <= (youngest?.opened ?? .distantPast))
        pool.close()
    }

    @Test("once a password is asked for, those that stand are kept, and none is prepared")
    func retired() {
        let eventLoop = EmbeddedEventLoop()
        var opened = 0
        let pool = pool(on: eventLoop) { opened += 1 }
        pool.prepareForNewcomer(key)
        pool.retire()
        pool.prepareForNewcomer(key)
        #expect(opened == 1)
        #expect(pool.standingSpare(key, forNewcomer: false) != nil)
        #expect(pool.standingSpare(key, forNewcomer: false) == nil)
        pool.close()
    }

    @Test(
        "once a password is asked for, who needs a connection is given the next that is left, or told that there is none"
    )
    func waitsForOneLeft() throws {
        let eventLoop = EmbeddedEventLoop()
        let pool = pool(on: eventLoop) {}
        pool.prepareForNewcomer(key)
        let connection = try #require(pool.standingSpare(key, forNewcomer: false))
        pool.retire()
        guard case .none = pool.sharedConnection(key, hasShortReply: true, now: 0, opened: { _ in }) else {
            Issue.record("none can be opened")
            return
        }
        var given: [RelayConnection?] = []
        pool.awaitSpare(key) { given.append($0) }
        pool.awaitSpare(key) { given.append($0) }
        pool.leave(connection, key)
        #expect(given.count == 1 && given[0] === connection)
        eventLoop.advanceTime(by: TimeAmount(RelayPool.patience))
        #expect(given.count == 2 && given[1] == nil)
        pool.close()
    }

    @Test("of all kinds together no more are kept than there are clients, beside the few that are kept ready")
    func boundedByClients() throws {
        let eventLoop = EmbeddedEventLoop()
        let pool = pool(on: eventLoop) {}
        let other = RelayKey(version: .resp3, isFillUser: false)
        pool.clients = 6
        for _ in 0..<RelayPool.readyLimit + 2 { pool.prepareForNewcomer(key) }
        let spares = try (0..<20).map { _ in
            let channel = EmbeddedChannel(loop: eventLoop)
            channel.connect(to: address, promise: nil)
            let connection = RelayConnection(OpenedRelay(channel: channel, isProven: true))
            try channel.pipeline.syncOperations.addHandler(connection)
            return connection
        }
        for spare in spares { pool.leave(spare, other) }
        let kept = spares.filter(\.isOpen).count
        #expect(kept == RelayPool.readyLimit, "those that are kept ready, and the bound is reached")
        pool.close()
    }

    @Test("with one being opened and the next failing at once, no more are tried")
    func failingWhileOneIsOpened() {
        let eventLoop = EmbeddedEventLoop()
        let opening = eventLoop.makePromise(of: OpenedRelay.self)
        var attempts = 0
        let pool = RelayPool(on: eventLoop) { _ in
            attempts += 1
            // The hundredth does not fail, so that an endless loop ends here.
            return attempts == 1 || attempts > 100
                ? opening.futureResult : eventLoop.makeFailedFuture(BackingError.lost)
        }
        #expect(pool.takeSpare(RelayKey(version: .resp2, isFillUser: false), forNewcomer: false) == nil)
        #expect(attempts == 2)
        pool.close()
        opening.fail(BackingError.lost)
    }
}
