import TestSupport

/// How a test cuts its input: the same bytes must give the same result in all of these.
enum Pieces: CaseIterable {
    case whole, byteByByte, random

    func cut(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [[UInt8]] {
        switch self {
        case .whole:
            return [bytes]
        case .byteByByte:
            return bytes.map { [$0] }
        case .random:
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(generator.number(in: 1...(generator.oneIn(3) ? 64 : 4)))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            return pieces
        }
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }

    static func + (left: [UInt8], right: String) -> [UInt8] { left + Array(right.utf8) }
}
