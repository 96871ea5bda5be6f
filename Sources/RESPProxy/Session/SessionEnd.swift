import NIOCore
import Time

/// How far a session has come to its end: first the client's, then, once the server has done what it was sent, its own.
struct SessionEnd {
    /// Nothing more is read from the client: it has ended its side, or the proxy is stopping.
    private(set) var inputHasEnded = false
    /// The client has ended its side, or is gone.
    private(set) var clientHasEnded = false
    /// The client's connection is closed, or closes behind what was written.
    private(set) var isClosed = false
    /// The client is to be closed without a word, once what it was answered before has gone out.
    private(set) var isHangingUp = false
    /// Nothing is left that the session waits for.
    private(set) var isReleased = false
    /// Counted among those whose client is gone.
    private var isLeft = false
    /// Set once the client has ended its side while something is left to be done for it.
    private var departure: Departure?
    private var nextLook: Scheduled<Void>?

    /// The proxy is stopping: what was received is answered, and nothing more is read.
    mutating func stopReading() { inputHasEnded = true }

    mutating func clientEnded() {
        inputHasEnded = true
        clientHasEnded = true
    }

    mutating func close() { isClosed = true }

    mutating func hangUp() { isHangingUp = true }

    /// Whether the session goes on although its client has ended its side, or it has closed, and nobody looks after that yet.
    var needsDeparture: Bool { departure == nil && (clientHasEnded || isClosed && !isReleased) }

    /// From here on it is looked whether what is left to be done for the client gets on: ``look(_:)`` is to be called after
    /// ``Departure/interval``.
    mutating func beginDeparture(_ standing: Departure.Standing, timeout: TimeSpan) {
        departure = Departure(standing, timeout: timeout.seconds)
    }

    /// ``look(_:)`` will be called.
    mutating func willLook(_ look: Scheduled<Void>) { nextLook = look }

    /// The time of ``Departure/interval`` has passed.
    ///
    /// - Returns: nil where the session is over.
    mutating func look(_ standing: Departure.Standing) -> Departure.Verdict? {
        nextLook = nil
        guard !isReleased || !standing.isGone else { return nil }
        let verdict = departure?.look(standing)
        if verdict == .cut { departure = nil }
        return verdict
    }

    /// The client is gone.
    ///
    /// - Returns: Whether the session is to be counted among those that go on without one.
    mutating func leave() -> Bool {
        guard !isReleased, !isLeft else { return false }
        isLeft = true
        return true
    }

    /// Nothing is left to be waited for.
    ///
    /// - Returns: Whether the session was counted among those that go on without their client.
    mutating func release(isGone: Bool) -> Bool {
        isReleased = true
        // Whoever still takes replies is watched again from its end on.
        if isGone || !clientHasEnded {
            nextLook?.cancel()
            nextLook = nil
            departure = nil
        }
        defer { isLeft = false }
        return isLeft
    }
}
