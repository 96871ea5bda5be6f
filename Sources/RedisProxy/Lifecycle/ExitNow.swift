import Glibc

/// Ends the process without waiting for anybody, nor for what others would do at its end: at a second signal, or when the time to stop is up.
func exitNow(_ code: Int32) {
    StandardErrorLog.flush()
    _exit(code)
}
