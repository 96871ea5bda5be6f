import Glibc
import Logging
import NIOCore
import Time

/// The end of `SHUTDOWN_TIMEOUT`: the process exits, whatever is still waited for.
enum ShutdownDeadline {
    /// What the warning may take. A log that nobody reads blocks whoever writes to it.
    private static let reserve = TimeSpan.milliseconds(100)

    /// Has the process exit with 0 once the time is up, unless it has ended by then.
    static func begin(_ timeout: TimeSpan, logger: Logger) {
        setAlarm(in: timeout + reserve)
        Task.detached {
            try await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
            logger.warning("clients were still being served after SHUTDOWN_TIMEOUT; their connections are cut")
            exitNow(ExitCode.success)
        }
    }

    /// The kernel's alarm needs no thread of ours to be free.
    private static func setAlarm(in delay: TimeSpan) {
        _ = signal(SIGALRM) { _ in _exit(ExitCode.success) }
        let microseconds = delay.nanoseconds / 1_000
        let value = timeval(
            tv_sec: time_t(microseconds / 1_000_000), tv_usec: suseconds_t(microseconds % 1_000_000))
        var timer = itimerval(it_interval: timeval(), it_value: value)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }
}
