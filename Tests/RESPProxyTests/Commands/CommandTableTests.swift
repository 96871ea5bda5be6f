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

    @Test("only the capitals of ASCII have a lower case")
    func lowerCase() {
        for byte in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            let name: [UInt8] = [0x61, byte, 0xFF, 0x61, 0, 0x61, 0x61, 0x61, byte]
            let lower = name.map { $0 == byte && isCapital ? byte + 0x20 : $0 }
            #expect(CommandName(name.span.bytes) == CommandName(lower.span.bytes))
            let other: [UInt8] = name.map { $0 == byte ? byte ^ 0x20 : $0 }
            let isLetter = isCapital || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            #expect((CommandName(name.span.bytes) == CommandName(other.span.bytes)) == isLetter)
        }
    }

    @Test("a map answers for the names that it was made of, and for no other")
    func map() {
        let names = (0..<300).compactMap { CommandName(Array("name-\($0)".utf8).span.bytes) }
        let map = CommandMap(Dictionary(uniqueKeysWithValues: zip(names, 0...)))
        for (number, name) in names.enumerated() { #expect(map[name] == number) }
        #expect(map["name-300"] == nil)
        #expect(CommandMap<Int>([:])["get"] == nil)
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
        #expect(table.entry(for: CommandView("get", "k")).description?.flags == .readonly)
        #expect(table.entry(for: CommandView("BLPOP", "k", "0")).description?.flags == [.write, .blocking])
        #expect(table.entry(for: CommandView("XGROUP", "CREATE", "k", "g", "$")).description?.firstKey == 2)
        #expect(table.entry(for: CommandView("EVAL", "x", "0")).description?.categories == .scripting)
        func effect(_ command: CommandView) -> WriteEffect { WriteEffect(of: command, table.entry(for: command)) }
        #expect(
            effect(CommandView("XGROUP", "CREATE", "k", "g", "$")) == .keys([Array("k".utf8)]))
        #expect(effect(CommandView("FCALL", "f", "0")) == .unknownKeys)
        #expect(effect(CommandView("REPLICAOF", "no", "one")) == .everything)
        #expect(effect(CommandView("CLIENT", "LIST")) == .none)
        #expect(effect(CommandView("SCRIPT", "FLUSH")) == .none)
    }

    @Test("Redis 6 tells only by the category that a command blocks")
    func blockingCategory() throws {
        let reply = Array(
            "*1\r\n*7\r\n$5\r\nblpop\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:-2\r\n:1\r\n*2\r\n+@write\r\n+@blocking\r\n".utf8)
        let read = CommandTable(reply: reply.span.bytes)
        let table = try #require(read)
        #expect(table.entry(for: CommandView("BLPOP", "k", "0")).description?.flags == [.write, .blocking])
    }

    @Test("what is no table is refused", arguments: ["-ERR unknown command\r\n", "*0\r\n", "+OK\r\n", "*1\r\n:1\r\n"])
    func noTable(reply: String) {
        let bytes = Array(reply.utf8)
        let table = CommandTable(reply: bytes.span.bytes)
        #expect(table == nil)
    }
}
