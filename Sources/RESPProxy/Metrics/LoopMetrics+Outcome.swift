import BackingClient

extension BackingError {
    /// How the metrics count a request that failed with this.
    var outcome: LoopMetrics.Outcome {
        switch code {
        case .unavailable: .unavailable
        case .timedOut: .timedOut
        case .protocolViolation, .server: .error
        }
    }
}

extension FillOutcome {
    var metric: LoopMetrics.Outcome {
        if case .failure(let error) = self { error.outcome } else { .ok }
    }
}
