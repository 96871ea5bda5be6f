import Glibc

/// Ends the process without waiting for anybody: at a second signal, or when the time to stop is up.
func exitNow(_ code: Int32) {
    StandardErrorLog.flush()
    exit(code)
}
