import ParserFeeds
import RESPParser
import Testing

@Suite("Ends of reply frames")
struct FrameScannerTests {
    @Test(
        "every type of both versions ends where it ends",
        arguments: [
            "+OK\r\n", "+\r\n", "-ERR no\r\n", ":1\r\n", ":-12\r\n", ":+5\r\n", ":0\r\n", "$0\r\n\r\n",
            "$5\r\nhe\r\no\r\n",
            "$-1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n+a\r\n$1\r\nb\r\n", "_\r\n", "#t\r\n", "#f\r\n", ",1.23\r\n",
            ",-inf\r\n",
            ",nan\r\n", ",1e+5\r\n", "(123456789012345678901234567890\r\n", "(-5\r\n", "(123  123\r\n",
            "!5\r\nERR x\r\n",
            "=5\r\ntxt:a\r\n",
            "%0\r\n", "%1\r\n+k\r\n:1\r\n", "~2\r\n:1\r\n:2\r\n", ">2\r\n+message\r\n*1\r\n_\r\n",
            "*1\r\n*1\r\n*1\r\n*0\r\n",
            "*2\r\n*-1\r\n$-1\r\n", "*3\r\n%1\r\n+a\r\n~1\r\n#t\r\n,1\r\n(1\r\n",
        ])
    func types(frame: String) {
        let length = frame.utf8.count
        let frames = scanFrames(frame + frame + "+next")
        #expect(frames.ends == [length, 2 * length])
        #expect(frames.types == Array(repeating: frame.utf8.first, count: 2))
        #expect(frames.error == nil)
        #expect(!frames.endsBetweenFrames)
        #expect(scanFrames(frame).endsBetweenFrames)
        #expect(scanFrames(String(frame.unicodeScalars.dropLast())).ends == [])
    }

    @Test("what is streamed counts as one frame")
    func streamed() {
        for frame in [
            "$?\r\n;4\r\nabcd\r\n;1\r\n\r\r\n;0\r\n", "$?\r\n;0\r\n", "*?\r\n.\r\n",
            "*?\r\n:1\r\n*2\r\n:1\r\n:2\r\n.\r\n",
            "%?\r\n+k\r\n:1\r\n.\r\n", "~?\r\n*?\r\n.\r\n.\r\n", "*2\r\n$?\r\n;1\r\na\r\n;0\r\n*?\r\n_\r\n.\r\n",
            "%?\r\n.\r\n", "%?\r\n|1\r\n+a\r\n:1\r\n+k\r\n*2\r\n:1\r\n:2\r\n+l\r\n%?\r\n.\r\n.\r\n",
            "%?\r\n*?\r\n:1\r\n.\r\n$?\r\n;1\r\na\r\n;0\r\n.\r\n",
        ] {
            let frames = scanFrames(frame + "+OK\r\n")
            #expect(frames.ends == [frame.utf8.count, frame.utf8.count + 5], "\(frame)")
        }
    }

    @Test(
        "a streamed map has as many values as keys",
        arguments: [
            "+k\r\n", "$-1\r\n", "$1\r\nk\r\n", ":1\r\n:2\r\n:3\r\n", "*2\r\n:1\r\n:2\r\n",
            "*0\r\n", "*?\r\n:1\r\n.\r\n", "%?\r\n:1\r\n:2\r\n.\r\n", "$?\r\n;1\r\nk\r\n;0\r\n",
            "|1\r\n+a\r\n:1\r\n:1\r\n",
        ])
    func oddStreamedMap(elements: String) {
        for frame in ["%?\r\n\(elements).\r\n", "*1\r\n%?\r\n\(elements).\r\n", "~?\r\n%?\r\n\(elements).\r\n.\r\n"] {
            let end = frame.utf8.count - (frame.hasPrefix("~") ? 6 : 3)
            for pieces in [[[UInt8](frame)], frame.utf8.map { [$0] }] {
                let frames = scanFrames(pieces)
                #expect(frames.ends == [] && frames.error?.offset == end, "\(frame)")
            }
        }
    }

    @Test("an attribute is the beginning of the frame behind it, at any depth")
    func attributes() {
        for frame in [
            "|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n", "|0\r\n$1\r\nv\r\n",
            "|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n:2\r\n$1\r\nv\r\n",
            "|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n|0\r\n|1\r\n+b\r\n:1\r\n$1\r\nv\r\n",
        ] {
            let frames = scanFrames(frame + "+OK\r\n")
            #expect(frames.ends == [frame.utf8.count, frame.utf8.count + 5], "\(frame)")
            #expect(frames.types == Array("$+".utf8), "\(frame)")
        }
        let nested = "*2\r\n|1\r\n+a\r\n:1\r\n:7\r\n:8\r\n"
        #expect(scanFrames(nested).ends == [nested.utf8.count])
        let last = "*1\r\n|1\r\n+a\r\n:1\r\n"
        #expect(scanFrames(last).ends == [])
        #expect(scanFrames(last + ":1\r\n").ends == [last.utf8.count + 4])
        #expect(!scanFrames("|1\r\n+a\r\n:1\r\n").endsBetweenFrames)
    }

    @Test("the type is that of the frame in hand, and unknown while only its attributes were seen")
    func frameType() throws {
        var scanner = FrameScanner()
        #expect(scanner.frameType == 0)
        #expect(scanner.isAtFrameStart)
        #expect(try scanner.scan([UInt8]("|1\r\n+a\r\n+b\r\n").span.bytes, from: 0) == .needsMore)
        #expect(scanner.frameType == 0)
        #expect(!scanner.isAtFrameStart)
        #expect(try scanner.scan([UInt8]("*").span.bytes, from: 0) == .needsMore)
        #expect(scanner.frameType == UInt8(ascii: "*"))
        #expect(try scanner.scan([UInt8]("1\r\n:1\r\n").span.bytes, from: 0) == .frameEnd(at: 7))
        #expect(scanner.frameType == UInt8(ascii: "*"))
        #expect(scanner.isAtFrameStart)
        #expect(try scanner.scan([UInt8]("|").span.bytes, from: 0) == .needsMore)
        #expect(scanner.frameType == 0)
    }

    @Test("a CR or LF alone belongs to a text, as hiredis has it")
    func loneLineEnds() {
        #expect(scanFrames("+a\rb\nc\r\r\n-\r\r\n").ends == [9, 13])
    }

    @Test(
        "short texts and numbers of every length end where they end, and a number with a wrong byte anywhere is refused"
    )
    func everyShortLength() {
        for length in 1...20 {
            let text = String(repeating: "t", count: length)
            #expect(
                scanFrames("+\(text)\r\n-\(text)\r\n+behind it\r\n").ends.prefix(2) == [length + 3, 2 * length + 6])
            let number = ":\(String(repeating: "9", count: length))\r\n+behind it\r\n"
            #expect(scanFrames(number).ends.first == length + 3)
            for place in 1...length {
                for wrong: UInt8 in [0x00, 0x2F, 0x3A, 0x61, 0xB0, 0xFA, 0xFF] {
                    var bytes = Array(number.utf8)
                    bytes[place] = wrong
                    #expect(scanFrames([bytes]).error != nil, "\(bytes)")
                }
            }
        }
    }

    @Test(
        "what is no RESP is refused",
        arguments: [
            "?", "x", "\r\n", "\0", ";1\r\n", ".\r\n", "$abc", "$\r\n", "$-2\r\n", "$-\r\n", "$01\r\n", "$+1\r\n",
            "$1x", "$ 1",
            "*abc", "*\r\n", "*-2\r\n", "*01\r\n", "%-1\r\n", "~-1\r\n", ">-1\r\n", "|-1\r\n", "=-1\r\n", "!-1\r\n",
            "=?\r\n",
            ">?\r\n", "!?\r\n", "|?\r\n", "$1\rx", "*1\rx", "$1\r\nabc", "$1\r\na\rx", "$0\r\n\n", ":\r\n", ":a", ":1-",
            ":-\r\n",
            "#x", "#\r\n", "#tt", "_x", ",\r\n", ",x", "*1\r\n.\r\n", "*?\r\n|0\r\n.\r\n",
            "$?\r\n+a\r\n",
            "$?\r\n$1\r\n", "$?\r\n;-1\r\n", "$?\r\n.\r\n", "$99999999999999999999\r\n", "*99999999999999999999\r\n",
            "*9223372036854775808\r\n", "%4611686018427387904\r\n", "$??\r\n", "$1?\r\n", "*?1\r\n",
        ])
    func refused(bytes: String) {
        for pieces in [[[UInt8](bytes)], bytes.utf8.map { [$0] }] {
            #expect(scanFrames(pieces).error != nil, "\(pieces)")
            let behind = scanFrames([[UInt8]("*2\r\n+a\r\n")] + pieces)
            #expect(behind.error != nil && behind.ends == [])
        }
    }

    @Test("the largest counts and lengths overflow nothing and wait")
    func largest() {
        for header in [
            "*9223372036854775807", "$9223372036854775807", "%4611686018427387903", "~9223372036854775807",
            ">9223372036854775807", "=9223372036854775807",
        ] {
            let frames = scanFrames("\(header)\r\n:1\r\n")
            #expect(frames.error == nil && frames.ends == [])
        }
    }

    @Test("nesting ends at the limit, wherever the levels stand")
    func depth() {
        let limits = FrameLimits(depth: 5)
        for type in ["*", "%", "~", "|", ">"] {
            let fits = String(repeating: "\(type)1\r\n", count: 5)
            #expect(scanFrames(fits, limits: limits).error == nil)
            #expect(scanFrames(fits + "*1\r\n", limits: limits).error?.offset == fits.utf8.count)
            #expect(scanFrames((fits + "*1\r\n").utf8.map { [$0] }, limits: limits).error?.offset == fits.utf8.count)
        }
        #expect(scanFrames(String(repeating: "*2\r\n", count: 100_000)).error != nil)
        let sideBySide = "*9\r\n" + String(repeating: "*1\r\n*1\r\n*1\r\n*1\r\n+a\r\n", count: 9)
        #expect(scanFrames(sideBySide, limits: limits).ends == [sideBySide.utf8.count])
    }

    @Test("lines end at the limit", arguments: ["+", "-", "(", ","])
    func lineLength(type: String) {
        let limits = FrameLimits(lineLength: 200)
        let longest = [UInt8](type) + [UInt8](repeating: 0x31, count: 200)
        #expect(scanFrames([longest + "\r\n"], limits: limits).ends == [203])
        let error = ProtocolError(message: "Protocol error: too long a line in a reply", offset: 201)
        #expect(scanFrames([longest + "1"], limits: limits).error == error)
        #expect(scanFrames((longest + "1\r\n").map { [$0] }, limits: limits).error == error)
    }

    @Test("an endless line is refused")
    func endlessLine() {
        #expect(scanFrames(Array(repeating: [UInt8](repeating: 0x2B, count: 1000), count: 100)).error != nil)
    }
}
