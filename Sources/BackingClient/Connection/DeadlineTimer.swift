import NIOCore
import Time

/// One timer for whatever a connection's state machine has to do next.
///
/// It is moved only to an earlier time; one that fires too early looks when it is really needed.
struct DeadlineTimer {
    private var scheduled: (task: Scheduled<Void>, deadline: Instant)?

    /// - Parameters:
    ///   - deadline: nil: nothing is to be done.
    ///   - fire: must call ``fired()`` first.
    mutating func update(to deadline: Instant?, on eventLoop: any EventLoop, _ fire: @escaping () -> Void) {
        guard let deadline else { return }
        if let scheduled, scheduled.deadline <= deadline { return }
        self.scheduled?.task.cancel()
        self.scheduled = (
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(until: deadline), fire), deadline
        )
    }

    mutating func fired() { self.scheduled = nil }

    mutating func cancel() {
        self.scheduled?.task.cancel()
        self.scheduled = nil
    }
}
