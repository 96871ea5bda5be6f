import RESPParser

/// Our scanner and parser beside hiredis' reader, on the same bytes, 16 KiB at a time, as they come from a socket.
struct ParserBenchmarks {
    let comparison: Comparison
    /// Bytes of each stream, about.
    let size: Int

    private static let piece = 16_384

    func run() {
        scan("values of 100 bytes", unit: "$100\r\n\(String(repeating: "x", count: 100))\r\n")
        scan("statuses and numbers", unit: "+OK\r\n:1234\r\n")
        scan("arrays of ten values", unit: "*10\r\n" + String(repeating: "$10\r\n0123456789\r\n", count: 10))
        parse("GET", unit: "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000007\r\n")
        parse(
            "SET of 100 bytes",
            unit: "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000007\r\n$100\r\n\(String(repeating: "x", count: 100))\r\n")
    }

    /// The frame scanner beside a reader that makes no objects: both return how many frames they saw.
    private func scan(_ name: String, unit: String) {
        let stream = stream(of: unit)
        comparison.run("scan/\(name)", count: stream.count) {
            Self.scan(stream)
        } other: {
            HiredisReader(makesObjects: false).read(stream, inPiecesOf: Self.piece) { _ in 1 }
        }
    }

    private static func scan(_ stream: [UInt8]) -> Int {
        var scanner = FrameScanner()
        var frames = 0
        for start in stride(from: 0, to: stream.count, by: piece) {
            let bytes = stream.span.bytes.extracting(start..<min(start + piece, stream.count))
            var offset = 0
            while offset < bytes.byteCount, case .frameEnd(let end)? = try? scanner.scan(bytes, from: offset) {
                frames += 1
                offset = end
            }
        }
        return frames
    }

    /// The command parser beside the default reader: both return the bytes of all arguments, which they must have found for that.
    private func parse(_ name: String, unit: String) {
        let stream = stream(of: unit)
        comparison.run("parse/\(name)", count: stream.count) {
            Self.parse(stream)
        } other: {
            HiredisReader(makesObjects: true).read(stream, inPiecesOf: Self.piece, each: HiredisReader.elementBytes)
        }
    }

    private static func parse(_ stream: [UInt8]) -> Int {
        var parser = CommandParser()
        var argumentBytes = 0
        var start = 0
        for end in stride(from: piece, to: stream.count + piece, by: piece) {
            // What a session does: the bytes of the command in hand are kept, and what was read stands behind them.
            let end = min(end, stream.count)
            while start < end,
                case .multibulk(let length)? = try? parser.parse(stream.span.bytes.extracting(start..<end))
            {
                for argument in parser.arguments { argumentBytes += argument.count }
                start += length
            }
        }
        return argumentBytes
    }

    private func stream(of unit: String) -> [UInt8] {
        let unit = Array(unit.utf8)
        return Array([[UInt8]](repeating: unit, count: size / unit.count).joined())
    }
}
