import Glibc

/// `SIGPIPE`, which would end the process when a peer closes while it is written to.
enum BrokenPipe {
    /// Lets such a write fail with `EPIPE` instead.
    static func ignore() {
        _ = signal(SIGPIPE, SIG_IGN)
    }
}
