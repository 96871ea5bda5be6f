/// A small generator with a seed (SplitMix64), so that a failed run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A seed for this run, printed so that a failure can be repeated with it.
    static func freshSeed(for test: String = #function) -> UInt64 {
        let seed = UInt64.random(in: .min ... .max)
        print("\(test): seed \(seed)")
        return seed
    }
}

extension SeededGenerator {
    mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func oneIn(_ count: Int) -> Bool { number(in: 1...count) == 1 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(in: 0...elements.count - 1)] }

    mutating func bytes(upTo most: Int) -> [UInt8] {
        (0..<number(in: 0...most)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    mutating func bytes(upTo most: Int, of alphabet: String) -> [UInt8] {
        let alphabet = Array(alphabet.utf8)
        return (0..<number(in: 0...most)).map { _ in pick(alphabet) }
    }
}
