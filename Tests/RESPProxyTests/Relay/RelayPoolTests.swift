import BackingClient
import NIOCore
import NIOEmbedded
import RESPParser
import Testing

@testable import RESPProxy

@Suite("The connections that the sessions of an event loop have in common")
struct RelayPoolTests {
    @Test("with one being opened and the next failing at once, no more are tried")
    func failingWhileOneIsOpened() {
        let eventLoop = EmbeddedEventLoop()
        let opening = eventLoop.makePromise(of: (any Channel).self)
        var attempts = 0
        let pool = RelayPool(on: eventLoop) { _ in
            attempts += 1
            // The hundredth does not fail, so that an endless loop ends here.
            return attempts == 1 || attempts > 100
                ? opening.futureResult : eventLoop.makeFailedFuture(BackingError.lost)
        }
        #expect(pool.takeSpare(RelayKey(version: .resp2, isFillUser: false)) == nil)
        #expect(attempts == 2)
        pool.close()
        opening.fail(BackingError.lost)
    }
}
