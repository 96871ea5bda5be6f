import NIOCore

/// Who waits for a barrier, as all event loops keep it.
struct BarrierWaiter: Sendable {
    let eventLoop: any EventLoop
    let done: @Sendable () -> Void

    func tell() { eventLoop.execute(done) }
}
