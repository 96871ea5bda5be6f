import Glibc
import Synchronization
import Testing
import UnixSignals

@testable import RedisProxy

@Suite struct ShutdownSignalsTests {
    /// What the handling of these signals did, in order.
    private func events(_ signals: [UnixSignal]) async throws -> [String] {
        let stream = AsyncStream<UnixSignal> { continuation in
            for signal in signals { continuation.yield(signal) }
            continuation.finish()
        }
        let events = Mutex<[String]>([])
        try await ShutdownSignals(stream).handle(
            stop: { signal in events.withLock { $0.append("stop \(signal)") } },
            exit: { code in events.withLock { $0.append("exit \(code)") } })
        return events.withLock { $0 }
    }

    @Test("the first signal stops, a second one exits at once with the signal's code, a third is not waited for")
    func order() async throws {
        #expect(try await events([.sigterm]) == ["stop SIGTERM"])
        #expect(try await events([.sigterm, .sigint]) == ["stop SIGTERM", "exit 130"])
        #expect(try await events([.sigint, .sigterm, .sigterm]) == ["stop SIGINT", "exit 143"])
    }

    @Test("signals sent to the process arrive instead of ending it")
    func trapped() async throws {
        let signals = await ShutdownSignals.trap()
        let events = Mutex<[String]>([])
        kill(getpid(), SIGTERM)
        try await signals.handle(
            stop: { signal in
                events.withLock { $0.append("stop \(signal)") }
                kill(getpid(), SIGINT)
            },
            exit: { code in events.withLock { $0.append("exit \(code)") } })
        #expect(events.withLock { $0 } == ["stop SIGTERM", "exit 130"])
    }
}
