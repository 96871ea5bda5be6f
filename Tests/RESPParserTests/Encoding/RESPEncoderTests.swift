import ParserFeeds
import RESPParser
import Testing

@Suite("Encoding")
struct RESPEncoderTests {
    private func encoded(_ encode: (inout [UInt8]) -> Void) -> String {
        var bytes: [UInt8] = []
        encode(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("a bulk string, whole and its header")
    func bulk() {
        #expect(encoded { RESPEncoder.bulk([UInt8]("a\r\nb").span.bytes, into: &$0) } == "$4\r\na\r\nb\r\n")
        #expect(encoded { RESPEncoder.bulk([UInt8]().span.bytes, into: &$0) } == "$0\r\n\r\n")
        #expect(encoded { RESPEncoder.bulkHeader(length: 536_870_912, into: &$0) } == "$536870912\r\n")
    }

    @Test("nil is spelled by the protocol version")
    func null() {
        #expect(encoded { RESPEncoder.null(.resp2, into: &$0) } == "$-1\r\n")
        #expect(encoded { RESPEncoder.null(.resp3, into: &$0) } == "_\r\n")
    }

    @Test("integers of all sizes", arguments: [0, 7, -1, 10, 99, 100, Int.max, Int.min])
    func integer(value: Int) {
        #expect(encoded { RESPEncoder.integer(value, into: &$0) } == ":\(value)\r\n")
    }

    @Test("simple strings and array headers")
    func lines() {
        #expect(encoded { RESPEncoder.simpleString("OK", into: &$0) } == "+OK\r\n")
        #expect(encoded { RESPEncoder.arrayHeader(count: 12, into: &$0) } == "*12\r\n")
    }

    @Test("an error stays one line")
    func error() {
        #expect(encoded { RESPEncoder.error("ERR a\r\nb", into: &$0) } == "-ERR a  b\r\n")
    }

    @Test("a protocol error has Redis' text, and a quoted byte as it came")
    func protocolError() {
        let plain = ProtocolError(message: "Protocol error: invalid bulk length", offset: 3)
        #expect(
            encoded { RESPEncoder.protocolError(plain, into: &$0) } == "-ERR Protocol error: invalid bulk length\r\n")
        guard case .error(let error) = parseCommands([[UInt8]("*1\r\n") + [0xFF] + "\r\n"]).first else {
            Issue.record("no error")
            return
        }
        var bytes: [UInt8] = []
        RESPEncoder.protocolError(error, into: &bytes)
        #expect(bytes == [UInt8]("-ERR Protocol error: expected '$', got '") + [0xFF] + "'\r\n")
    }

    @Test("a command reads back as itself")
    func command() {
        var bytes: [UInt8] = []
        let arguments = [[UInt8]("SET"), [0, 0xFF, 0x0D, 0x0A], []]
        RESPEncoder.command(arguments, into: &bytes)
        #expect(parseCommands([bytes]) == [.multibulk(arguments)])
    }
}
