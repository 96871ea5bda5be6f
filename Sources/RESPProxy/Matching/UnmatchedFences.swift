/// The fences of writes whose replies cannot be matched; they stay up until the connection ends. A bounded number of them.
struct UnmatchedFences: Sendable {
    private var keys: Set<[UInt8]> = []
    private var hasEverything = false
    /// With more keys than this, one fence for all keys stands for the further ones.
    private static let keyLimit = 1_000

    /// Those that are up.
    var all: [WriteEffect] {
        var all: [WriteEffect] = keys.isEmpty ? [] : [.keys(Array(keys))]
        if hasEverything { all.append(.everything) }
        return all
    }

    /// Keeps the fence of a write.
    ///
    /// - Returns: What of it is not up yet.
    mutating func hold(_ writes: WriteEffect) -> WriteEffect {
        guard !hasEverything, !writes.isNone else { return .none }
        let known = writes.knownKeys
        guard !known.isEmpty, keys.count + known.count <= Self.keyLimit else {
            hasEverything = true
            return .everything
        }
        let new = Set(known).subtracting(keys)
        keys.formUnion(new)
        return .keys(Array(new))
    }
}
