#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The clock by which entries die: monotonic, and running while the machine sleeps (`CLOCK_BOOTTIME`).
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary point.
    public static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
