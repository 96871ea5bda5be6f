import CHiredis
import ParserFeeds
import RESPParser
import TestSupport
import Testing

@Suite("The scanner against hiredis' reader")
struct HiredisDifferentialTests {
    /// hiredis 0.14 refuses arrays that nest deeper than 7.
    private func generator(seed: UInt64, makesNullArrays: Bool) -> ReplyGenerator {
        ReplyGenerator(
            random: SeededGenerator(seed: seed), isRESP3: false, depth: 7, makesNullArrays: makesNullArrays)
    }

    @Test("both find the same replies, to the byte")
    func sameReplies() throws {
        let seed = SeededGenerator.freshSeed()
        // hiredis' trees forget how a null was spelled.
        var generator = generator(seed: seed, makesNullArrays: false)
        for _ in 0..<300 {
            let stream = Array((0..<generator.random.number(in: 1...8)).map { _ in generator.reply() }.joined())
            var start = 0
            let frames = scanFrames(Pieces.random.cut(stream, using: &generator.random)).ends.map { end in
                defer { start = end }
                return Array(stream[start..<end])
            }
            let reader = try HiredisReader()
            #expect(try stream.chunked(16 * 1024).flatMap { try reader.replies(with: $0) } == frames, "seed \(seed)")
            #expect(start == stream.count, "seed \(seed)")
        }
    }

    @Test("both find the end of a reply with the same byte")
    func sameEnds() throws {
        let seed = SeededGenerator.freshSeed()
        var generator = generator(seed: seed, makesNullArrays: true)
        for _ in 0..<50 {
            let stream = Array((0..<3).map { _ in generator.reply() }.joined())
            let reader = try HiredisReader()
            let ends = try stream.indices.filter { try !reader.replies(with: [stream[$0]]).isEmpty }.map { $0 + 1 }
            #expect(scanFrames([stream]).ends == ends, "seed \(seed)")
        }
    }

    @Test("both refuse what is no RESP2", arguments: ["?\r\n", "x", "$abc\r\n", "*abc\r\n", "$-2\r\n", "*-2\r\n"])
    func bothRefuse(bytes: String) {
        #expect(scanFrames(bytes).error != nil)
        #expect(throws: HiredisReader.Refusal.self) { try HiredisReader().replies(with: [UInt8](bytes)) }
    }
}

/// hiredis' reader, whose trees are written out again as bytes.
private final class HiredisReader {
    struct Refusal: Error {}

    private let reader: UnsafeMutablePointer<redisReader>

    init() throws {
        guard let reader = redisReaderCreate() else { throw Refusal() }
        self.reader = reader
    }

    deinit {
        redisReaderFree(reader)
    }

    /// The replies that are whole with `piece`, of at most 16 KiB: the reader moves its whole buffer for each reply.
    func replies(with piece: [UInt8]) throws -> [[UInt8]] {
        let fed = piece.withUnsafeBytes {
            redisReaderFeed(reader, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard fed == REDIS_OK else { throw Refusal() }
        var replies: [[UInt8]] = []
        while let reply = try next() { replies.append(reply) }
        return replies
    }

    private func next() throws -> [UInt8]? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw Refusal() }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return encoded(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private func encoded(_ reply: redisReply) -> [UInt8] {
        let text = UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len))
        switch reply.type {
        case REDIS_REPLY_STATUS: return [UInt8]("+") + text + "\r\n"
        case REDIS_REPLY_ERROR: return [UInt8]("-") + text + "\r\n"
        case REDIS_REPLY_INTEGER: return [UInt8](":\(reply.integer)\r\n")
        case REDIS_REPLY_STRING: return [UInt8]("$\(text.count)\r\n") + text + "\r\n"
        case REDIS_REPLY_ARRAY:
            return (0..<Int(reply.elements)).reduce(into: [UInt8]("*\(reply.elements)\r\n")) { bytes, index in
                if let element = reply.element?[index] { bytes += encoded(element.pointee) }
            }
        // hiredis forgets how a nil was spelled.
        default: return [UInt8]("$-1\r\n")
        }
    }
}
