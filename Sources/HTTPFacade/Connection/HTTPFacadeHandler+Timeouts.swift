import NIOCore
import Time

extension HTTPFacadeHandler {
    func scheduleTimer(in delay: TimeSpan, context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            self.timerFired()
        }
    }

    /// One timer a connection, set again when it fires: so that a request costs a look at the clock and no timer of its own.
    private func timerFired() {
        guard let context else { return }
        guard !isLingering else { return context.close(promise: nil) }
        let timeout = facade.configuration.idleTimeout
        let now = facade.reader.now
        var delay = timeout
        let buffered = channel.bufferedBytes
        if buffered > 0 || isStreaming {
            if !noteProgress(buffered: buffered, now: now), buffered > 0, now >= progressSince + timeout {
                return context.close(promise: nil)
            }
            delay = lookInterval
        } else if let progress, progress.buffered > 0 {
            // It has taken the rest at some time since: it owes us a request from now on, as nobody noted when that was.
            self.progress = nil
            waitingSince = now
        } else if !queue.isServing {
            // Counted from the end of the last response, whatever bytes have come since: a head sent a byte at a time gains nothing.
            let deadline = waitingSince + timeout
            guard now < deadline else { return context.close(promise: nil) }
            delay = deadline - now
        }
        scheduleTimer(in: delay, context: context)
    }

    /// The client has stopped taking in what it asked for. It may hold a place of `MAX_CLIENTS`, so from here on the timer looks more often:
    /// nobody tells when some bytes, but not all, have been taken.
    func watchSlowClient(context: ChannelHandlerContext) {
        guard !isLingering else { return }
        noteProgress(buffered: channel.bufferedBytes, now: facade.reader.now)
        scheduleTimer(in: lookInterval, context: context)
    }

    /// How much later than ``HTTPConfiguration/idleTimeout`` a client that takes nothing may be closed.
    private var lookInterval: TimeSpan {
        max(.nanoseconds(1), facade.configuration.idleTimeout / 16)
    }

    /// - Returns: Whether the client has taken in anything since the last look.
    @discardableResult
    private func noteProgress(buffered: Int, now: Instant) -> Bool {
        let progress = WriteProgress(
            request: lastNumber, streamed: bytesStreamed, buffered: buffered,
            taken: buffered > 0 ? channel.acknowledgedBytes : 0)
        guard progress != self.progress else { return false }
        self.progress = progress
        progressSince = now
        return true
    }

    private var isStreaming: Bool {
        if case .streaming? = exchange?.phase { true } else { false }
    }
}
