import Time

/// What comes of asking the connections to the backing that stood before an outage whether they still do. No clock, no socket.
///
/// A network can forget connections without telling either side (a gateway that is replaced, a relay that hangs). Whoever then waits on one,
/// as a subscriber or in a blocking command, would wait for ever: there is nothing to ask that the server would have to answer. So
/// connections are judged by each other.
struct RollCall {
    /// How one of those connections has behaved since the call began.
    struct Attendance: Equatable, Sendable {
        /// When it stood, and when bytes came last before the call: until then it was alive.
        var opened: Instant
        var heardBefore: Instant
        /// It was sent something that the server answers at once.
        var wasAsked: Bool
        /// Bytes have come since.
        var wasHeard: Bool
        /// It has ended by itself: nobody needs to be told, and it says nothing of others.
        var hasEnded = false

        var isKnownDead: Bool { wasAsked && !wasHeard && !hasEnded }
    }

    /// For each connection whether it is dead. To be called when a question has been answered on a new connection that was asked well after
    /// these were.
    ///
    /// One that was asked and is silent is dead: the server serves each in its turn. What happened to it happened after it was heard last, and
    /// to all that stood by then: so those are dead, too, that could not be asked and stood by then, unless one that stood by then was heard.
    static func isDead(_ connections: [Attendance]) -> [Bool] {
        guard let lastSign = connections.filter(\.isKnownDead).map(\.heardBefore).max() else {
            return connections.map { _ in false }
        }
        let isAboutAll = !connections.contains { $0.wasHeard && $0.opened <= lastSign }
        return connections.map { connection in
            guard !connection.hasEnded, !connection.wasHeard else { return false }
            return connection.wasAsked || isAboutAll && connection.opened <= lastSign
        }
    }
}
