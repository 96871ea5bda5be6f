import NIOCore

/// Those who are asked for a barrier, each on its own event loop.
struct BarrierWitnesses: Sendable {
    let keeper: NIOLoopBound<CoherenceKeeper>
    /// By the numbers of their lanes.
    let loops: [NIOLoopBound<ProxyLoop>]

    /// All questions go out at the same time.
    func ask(_ question: BarrierLedger<BarrierWaiter>.Question) {
        let since = question.since
        if question.asksFeed { keeper.eventLoop.execute { [keeper] in keeper.value.feed.ask(since: since) } }
        for lane in question.lanes where loops.indices.contains(lane) {
            let loop = loops[lane]
            loop.eventLoop.execute { loop.value.askLane(since: since) }
        }
    }
}

/// Who waits for a barrier, as all event loops keep it.
struct BarrierWaiter: Sendable {
    let eventLoop: any EventLoop
    let done: @Sendable () -> Void

    func tell() { eventLoop.execute(done) }
}
