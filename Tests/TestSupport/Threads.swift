import Foundation
import Synchronization

/// Blocks the calling thread for the time given.
public func pause(_ duration: Duration) {
    let parts = duration.components
    Thread.sleep(forTimeInterval: Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
}

/// Runs `body` once for each of `count` threads, waits for all of them, and throws the first error.
///
/// Threads, not tasks: the clients of the tests block, and blocking the cooperative pool would stall other tests.
public func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let threads = (0..<count).map { index in BackgroundWork { try body(index) } }
    var failure: (any Error)?
    for thread in threads {
        do { try thread.wait() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
}

/// Work on a thread of its own, whose result is asked for later.
public final class BackgroundWork<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    /// Starts `body` on a new thread.
    public init(_ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            let outcome = Result { try body() }
            self.result.withLock { $0 = outcome }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Whether the work has ended.
    public var isFinished: Bool { self.result.withLock { $0 != nil } }

    /// Waits for the end of the work and returns its value or throws its error.
    @discardableResult
    public func wait(within limit: Duration = .seconds(300)) throws -> Value {
        let deadline = ContinuousClock.now + limit
        while true {
            if let result = self.result.withLock({ $0 }) { return try result.get() }
            if ContinuousClock.now >= deadline { throw TestSupportError("background work: not within \(limit)") }
            pause(.milliseconds(2))
        }
    }
}
