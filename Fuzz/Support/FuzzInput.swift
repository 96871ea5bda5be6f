/// What libFuzzer made up: one byte that chooses among ways of playing, one that decides the cuts, and the bytes to play.
public struct FuzzInput: Sendable {
    /// A bit for each choice.
    public let choices: UInt8
    /// What a peer sends.
    public let bytes: [UInt8]
    private let seed: UInt8

    /// Takes the input apart; nil where it is too short to be one.
    public init?(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        guard let start, count > 2 else { return nil }
        self.choices = start[0]
        self.seed = start[1]
        self.bytes = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    }

    /// The bytes one by one.
    public var byteByByte: [[UInt8]] { self.bytes.map { [$0] } }

    /// The bytes in pieces; the same input is always cut in the same way.
    public var pieces: [[UInt8]] {
        var state = UInt64(self.seed) &+ 1
        var pieces: [[UInt8]] = []
        var rest = self.bytes[...]
        while !rest.isEmpty {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let piece = rest.prefix(Int(state >> 33) % (self.seed < 128 ? 4 : 40) + 1)
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}

/// Ends the process where something does not hold, so that libFuzzer keeps the input.
public func hold(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}
