import NIOCore

/// Runs a task on an event loop instead of on the threads of Dispatch.
///
/// Where work waits for those, Dispatch looks each second how many of them run, by files in /proc, and ends the process when there is no descriptor
/// left to open one.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
