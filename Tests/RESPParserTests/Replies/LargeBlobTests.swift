import ParserFeeds
import RESPParser
import Testing

@Suite("Large blobs in replies")
struct LargeBlobTests {
    private let limits = FrameLimits(reportedBlobLength: 10)

    @Test("a blob over the limit stops the scan at its header, one at the limit does not")
    func stops() {
        let stream = "+OK\r\n$10\r\n0123456789\r\n$11\r\n0123456789a\r\n:1\r\n"
        let frames = scanFrames(stream, limits: limits)
        #expect(frames.largeBlobs == [.init(header: 22, body: 27, length: 11)])
        #expect(frames.ends == [5, 22, 40, 44])
    }

    @Test("all blobs are reported, at any depth", arguments: ["$", "=", "!"])
    func depth(type: String) {
        let stream = "*2\r\n%1\r\n+k\r\n\(type)11\r\n0123456789a\r\n\(type)12\r\n0123456789ab\r\n"
        let frames = scanFrames(stream, limits: limits)
        #expect(
            frames.largeBlobs == [
                .init(header: 12, body: 17, length: 11), .init(header: 30, body: 35, length: 12),
            ])
        #expect(frames.ends == [stream.utf8.count])
    }

    @Test("a header that came in pieces began before these bytes")
    func headerInPieces() throws {
        var scanner = FrameScanner(limits: limits)
        #expect(try scanner.scan([UInt8](":1\r\n$1").span.bytes, from: 0) == .frameEnd(at: 4))
        #expect(try scanner.scan([UInt8](":1\r\n$1").span.bytes, from: 4) == .needsMore)
        let rest = [UInt8]("234\r\nabc")
        #expect(try scanner.scan(rest.span.bytes, from: 0) == .largeBlob(headerStart: -2, body: 5, length: 1234))
        #expect(scanner.frameType == UInt8(ascii: "$"))
        #expect(!scanner.isAtFrameStart)
        #expect(try scanner.scan(rest.span.bytes, from: 5) == .needsMore)
        let body = [UInt8](repeating: 0x61, count: 1231) + "\r\n+O"
        #expect(try scanner.scan(body.span.bytes, from: 0) == .frameEnd(at: 1233))
    }

    @Test("a length without end is reported and skipped without being summed up")
    func endless() throws {
        var scanner = FrameScanner(limits: limits)
        let bytes = [UInt8]("$9223372036854775807\r\nabc")
        #expect(try scanner.scan(bytes.span.bytes, from: 0) == .largeBlob(headerStart: 0, body: 22, length: .max))
        #expect(try scanner.scan(bytes.span.bytes, from: 22) == .needsMore)
    }
}
