import TestSupport
import Testing

@testable import RESPProxy

@Suite("the server's own COMMAND table")
struct CommandTableTests {
    @Test("names are compared without regard to case, and up to 24 bytes")
    func names() {
        let mixed = Array("GeoRadiusByMember_RO".utf8)
        #expect(CommandName(mixed.span.bytes) == "georadiusbymember_ro")
        #expect(CommandName([UInt8](repeating: 97, count: 25).span.bytes) == nil)
        #expect(CommandName([UInt8]().span.bytes) == nil)
    }

    @Test("the table of the real server is read whole, subcommands included", arguments: ["2", "3"])
    func realServer(version: String) throws {
        let server = try RedisServer()
        let connection = try RawConnection(port: server.port)
        _ = try connection.roundTrip("HELLO", version)
        try connection.sendCommand("COMMAND")
        let reply = Array(try connection.receiveReplies(1).utf8)
        let read = CommandTable(reply: reply.span.bytes)
        let table = try #require(read)
        #expect(table.description(of: CommandView("get", "k"))?.flags == .readonly)
        #expect(table.description(of: CommandView("BLPOP", "k", "0"))?.flags == [.write, .blocking])
        #expect(table.description(of: CommandView("XGROUP", "CREATE", "k", "g", "$"))?.firstKey == 2)
        #expect(table.description(of: CommandView("EVAL", "x", "0"))?.categories == .scripting)
        #expect(
            WriteEffect(of: CommandView("XGROUP", "CREATE", "k", "g", "$"), table: table) == .keys([Array("k".utf8)]))
        #expect(WriteEffect(of: CommandView("FCALL", "f", "0"), table: table) == .unknownKeys)
        #expect(WriteEffect(of: CommandView("REPLICAOF", "no", "one"), table: table) == .everything)
        #expect(WriteEffect(of: CommandView("CLIENT", "LIST"), table: table) == .none)
        #expect(WriteEffect(of: CommandView("SCRIPT", "FLUSH"), table: table) == .unknownKeys)
    }

    @Test("what is no table is refused", arguments: ["-ERR unknown command\r\n", "*0\r\n", "+OK\r\n", "*1\r\n:1\r\n"])
    func noTable(reply: String) {
        let bytes = Array(reply.utf8)
        let table = CommandTable(reply: bytes.span.bytes)
        #expect(table == nil)
    }
}
