import UnixSignals

/// SIGTERM and SIGINT: the first asks to stop, the second means at once.
struct ShutdownSignals<Signals: AsyncSequence & Sendable>: Sendable where Signals.Element == UnixSignal {
    private let signals: Signals

    init(_ signals: Signals) {
        self.signals = signals
    }

    /// Waits for signals until cancelled or told to exit.
    ///
    /// - Parameters:
    ///   - stop: Called at the first signal; must not wait for the stop to be complete, or the second is not heard.
    ///   - exit: Called at the second, with the exit code that a shell shows for a process that the signal ended.
    func handle(stop: (UnixSignal) async -> Void, exit: (Int32) -> Void) async throws {
        var isStopping = false
        for try await signal in signals {
            guard !isStopping else {
                exit(128 + signal.rawValue)
                return
            }
            isStopping = true
            await stop(signal)
        }
    }
}

extension ShutdownSignals where Signals == UnixSignalsSequence {
    /// From here on the two signals do not end the process by themselves.
    static func trap() async -> ShutdownSignals {
        ShutdownSignals(await UnixSignalsSequence(trapping: .sigterm, .sigint))
    }
}
