import CHiredis
import FuzzSupport
import ParserFeeds
import RESPParser

/// What a server sends: whichever way it is cut the same frames come out, each decodes, and hiredis finds the same ends.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    var limits = FrameLimits()
    if input.choices & 1 != 0 { limits.reportedBlobLength = 4 }
    if input.choices & 2 != 0 { limits.depth = 2 }
    if input.choices & 4 != 0 { limits.lineLength = 16 }
    let whole = scanFrames([input.bytes], limits: limits)
    hold(scanFrames(input.byteByByte, limits: limits) == whole, "byte by byte it is something else")
    hold(scanFrames(input.pieces, limits: limits) == whole, "in pieces it is something else")
    var begin = 0
    for end in whole.ends {
        checkDecoding(Array(input.bytes[begin..<end]))
        begin = end
    }
    if let reader = redisReaderCreate() {
        compareWithHiredis(reader, input.bytes, ends: whole.ends)
        redisReaderFree(reader)
    }
    return 0
}

/// What the scanner takes for one frame is one for the decoder, too, but for numbers that are too long.
private func checkDecoding(_ frame: [UInt8]) {
    let value = try? ReplyValue(decoding: frame.span.bytes, depth: 128)
    hold(value != nil || frame.contains(UInt8(ascii: ":")), "a frame does not decode")
    let longer = try? ReplyValue(decoding: (frame + [UInt8(ascii: "x")]).span.bytes, depth: 128)
    hold(longer == nil, "a frame decodes with a byte too many")
}

/// hiredis is given frame by frame: while it takes them, each is a reply with its last byte and none before it.
private func compareWithHiredis(_ reader: UnsafeMutablePointer<redisReader>, _ bytes: [UInt8], ends: [Int]) {
    var begin = 0
    for end in ends {
        // hiredis 0.14 does not know RESP3.
        guard let first = bytes[begin..<end].first, "+-:$*".utf8.contains(first) else { return }
        guard let early = replies(reader, bytes[begin..<(end - 1)]) else { return }
        hold(early == 0, "hiredis has a reply before the frame ends")
        guard let late = replies(reader, bytes[(end - 1)..<end]) else { return }
        hold(late == 1, "hiredis has no reply where the frame ends")
        begin = end
    }
}

/// How many replies are whole with these bytes; nil where hiredis refuses them.
private func replies(_ reader: UnsafeMutablePointer<redisReader>, _ bytes: ArraySlice<UInt8>) -> Int? {
    guard !bytes.isEmpty else { return 0 }
    let fed = bytes.withUnsafeBytes {
        redisReaderFeed(reader, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard fed == REDIS_OK else { return nil }
    var count = 0
    while true {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { return nil }
        guard let reply else { return count }
        freeReplyObject(reply)
        count += 1
    }
}
