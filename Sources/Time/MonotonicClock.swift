import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The clock by which entries die: monotonic, and running while the machine sleeps (`CLOCK_BOOTTIME`).
public enum MonotonicClock {
    /// The time of a simulation in nanoseconds, in which each look takes one; 0: there is none.
    package static let simulated = Atomic<UInt64>(0)

    /// The present.
    public static func now() -> Instant {
        if simulated.load(ordering: .relaxed) != 0 {
            return Instant(nanoseconds: simulated.add(1, ordering: .relaxed).newValue)
        }
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }
}
