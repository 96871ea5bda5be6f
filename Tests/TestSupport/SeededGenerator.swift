import Foundation

/// SplitMix64: a random generator whose seed is printed, so that a failing run can be repeated.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Takes the seed from `REDIS_PROXY_TEST_SEED`, or a new one, and prints it.
    public init(_ purpose: String = #function) {
        let given = ProcessInfo.processInfo.environment["REDIS_PROXY_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        print("\(purpose): REDIS_PROXY_TEST_SEED=\(seed)")
        self.init(seed: seed)
    }

    /// Takes the seed given and prints nothing.
    public init(seed: UInt64) {
        self.state = seed
    }

    /// The next random number.
    public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
