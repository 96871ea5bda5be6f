#if canImport(Glibc)
import Glibc
#endif

/// Two ways to do the same, timed in turns, so that both meet the machine in the same state.
struct Comparison {
    /// How often each has its turn; the first is not counted.
    let rounds: Int

    /// Prints the median nanoseconds that one of `count` operations takes, ours and the other's, and their ratio.
    ///
    /// - Parameters:
    ///   - ours, other: Each does all operations and returns a number that depends on them, so that none is left out; both must
    ///     return the same.
    func run(_ name: String, count: Int, ours: () -> Int, other: () -> Int) {
        var times: [(ours: Double, other: Double)] = []
        for _ in 0...rounds {
            let (first, ourTime) = Self.timed(ours)
            let (second, otherTime) = Self.timed(other)
            guard first == second else {
                print("\(name): \(first) is not \(second)")
                exit(1)
            }
            times.append((ourTime, otherTime))
        }
        let ours = Self.median(times.dropFirst().map(\.ours)) / Double(count)
        let other = Self.median(times.dropFirst().map(\.other)) / Double(count)
        print("\(name)/ours \(ours)")
        print("\(name)/other \(other)")
    }

    private static func timed(_ body: () -> Int) -> (result: Int, nanoseconds: Double) {
        let start = processorTime()
        let result = body()
        return (result, Double(processorTime() - start))
    }

    /// Nanoseconds that this thread has run, whatever else the machine did meanwhile.
    private static func processorTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }
}
