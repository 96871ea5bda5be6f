import FuzzSupport
import NIOCore
import ParserFeeds
import RESPParser

@testable import BackingClient

/// What a server answers on a connection of our own, through our scanner and hiredis: whichever way it is cut the same replies come
/// out, as many as there are frames, and each is what our own decoder makes of its frame.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let collects = input.choices & 1 != 0
    let whole = read([input.bytes], collects: collects)
    hold(read(input.byteByByte, collects: collects) == whole, "byte by byte it is something else")
    hold(read(input.pieces, collects: collects) == whole, "in pieces it is something else")
    compareWithDecoder(whole.replies, input.bytes, collects: collects)
    // The reader of hiredis alone, for what never reaches it through the one above.
    let alone = readByHiredis([input.bytes])
    hold(readByHiredis(input.byteByByte) == alone, "byte by byte hiredis reads something else")
    hold(readByHiredis(input.pieces) == alone, "in pieces hiredis reads something else")
    return 0
}

/// What was read, and whether it ended with something that is no reply.
private struct Outcome: Equatable {
    var replies: [BackingReply] = []
    var isViolated = false
}

private let maxValueSize = 20
private let rawLimit = 60

private func read(_ pieces: [[UInt8]], collects: Bool) -> Outcome {
    var reader = ReplyReader(maxValueSize: maxValueSize, rawLimit: rawLimit)
    reader.collectsRawFrame = collects
    var outcome = Outcome()
    for piece in pieces {
        reader.append(ByteBuffer(bytes: piece))
        do throws(ReplyViolation) {
            while let reply = try reader.next() { outcome.replies.append(reply) }
        } catch {
            outcome.isViolated = true
            return outcome
        }
    }
    return outcome
}

private func readByHiredis(_ pieces: [[UInt8]]) -> Outcome {
    let reader = HiredisReader()
    var outcome = Outcome()
    for piece in pieces {
        do throws(ReplyViolation) {
            let result = piece.withUnsafeBytes { bytes in
                Result { () throws(ReplyViolation) in
                    try reader.feed(UnsafeRawBufferPointer(rebasing: bytes.prefix(HiredisReader.feedLimit)))
                }
            }
            try result.get()
            while let reply = try reader.next() { outcome.replies.append(reply) }
        } catch {
            outcome.isViolated = true
            return outcome
        }
    }
    return outcome
}

private func compareWithDecoder(_ replies: [BackingReply], _ bytes: [UInt8], collects: Bool) {
    let ends = scanFrames([bytes], limits: FrameLimits(depth: collects ? 32 : 1)).ends
    hold(replies.count <= ends.count, "there are more replies than frames")
    var begin = 0
    for (reply, end) in zip(replies, ends) {
        let frame = Array(bytes[begin..<end])
        begin = end
        if collects {
            hold(reply == .raw(frame.count <= rawLimit ? ByteBuffer(bytes: frame) : nil), "not the frame as it came")
        } else if let value = try? ReplyValue(decoding: frame.span.bytes) {
            hold(isSame(reply, value), "\(reply) is not \(value)")
        }
    }
}

/// Whether hiredis has made of a frame what our decoder makes of it.
private func isSame(_ reply: BackingReply, _ value: ReplyValue) -> Bool {
    switch (reply, value) {
    case (.ok, .simpleString(let text)): text.elementsEqual("OK".utf8)
    case (.queued, .simpleString(let text)): text.elementsEqual("QUEUED".utf8)
    case (.otherStatus, .simpleString(let text)): !text.elementsEqual("OK".utf8) && !text.elementsEqual("QUEUED".utf8)
    case (.error(let text), .error(let other)): text == other
    case (.integer(let number), .integer(let other)): number == other
    case (.bulk(let body), .blob(let other)): body == ByteBuffer(bytes: other)
    case (.tooLong(let length), .blob(let other)): length == other.count && length > maxValueSize
    case (.null, .null): true
    case (.array(let elements), .array(let others)):
        elements.count == others.count && zip(elements, others).allSatisfy { isSame($0, $1) }
    default: false
    }
}
