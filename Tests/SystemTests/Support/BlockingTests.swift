import Foundation
import Synchronization
import Testing

/// Runs each test of a suite on a thread of its own, at most a few at a time.
///
/// System tests block, in hiredis and in `waitpid`. On Swift's cooperative pool, which has one thread for each core,
/// they would starve every other test of the run; and dozens of servers at once would make every wait a long one.
struct BlockingTests: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Self.gate.enter()
        defer { Self.gate.leave() }
        try await withTaskExecutorPreference(ThreadExecutor(), operation: function)
    }

    private static let gate = Gate(
        places: ProcessInfo.processInfo.environment["REDIS_PROXY_TEST_PLACES"].flatMap { Int($0) } ?? 3)
}

extension Trait where Self == BlockingTests {
    /// Each test on a thread of its own.
    static var blocking: BlockingTests { BlockingTests() }
}

/// Runs each job on a new thread.
private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        thread.stackSize = 4 << 20
        thread.start()
    }
}

/// Lets a number of tasks in; the others wait in order.
private final class Gate: Sendable {
    private struct State {
        var places: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        self.state = Mutex(State(places: max(1, places)))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let mayEnter = self.state.withLock { state in
                if state.places > 0 {
                    state.places -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if mayEnter { continuation.resume() }
        }
    }

    func leave() {
        let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.places += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
