import TestSupport

/// Draws that the generators of commands and replies are made of.
extension SeededGenerator {
    /// A seed for this run, printed so that a failure can be repeated with it.
    static func freshSeed(for test: String = #function) -> UInt64 {
        let seed = UInt64.random(in: .min ... .max)
        print("\(test): seed \(seed)")
        return seed
    }

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
