import NIOCore

/// One timer for whatever a connection's state machine has to do next.
///
/// It is moved only to an earlier time; one that fires too early looks when it is really needed.
struct DeadlineTimer {
    private var scheduled: (task: Scheduled<Void>, deadline: UInt64)?

    /// - Parameters:
    ///   - deadline: nanoseconds of ``MonotonicClock``; nil: nothing is to be done.
    ///   - fire: must call ``fired()`` first.
    mutating func update(to deadline: UInt64?, on eventLoop: any EventLoop, _ fire: @escaping () -> Void) {
        guard let deadline else { return }
        if let scheduled, scheduled.deadline <= deadline { return }
        self.scheduled?.task.cancel()
        let now = MonotonicClock.now()
        let delay = TimeAmount.nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))
        self.scheduled = (eventLoop.assumeIsolated().scheduleTask(in: delay, fire), deadline)
    }

    mutating func fired() { self.scheduled = nil }

    mutating func cancel() {
        self.scheduled?.task.cancel()
        self.scheduled = nil
    }
}
