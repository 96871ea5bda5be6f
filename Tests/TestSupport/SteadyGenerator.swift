/// Numbers that follow from the first, for what must be repeatable.
public struct SteadyGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// - Parameter state: The same numbers come for the same one.
    public init(state: UInt64) { self.state = state }

    /// The next number.
    public mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
