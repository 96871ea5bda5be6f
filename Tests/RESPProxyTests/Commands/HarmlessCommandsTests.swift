import TestSupport
import Testing

@testable import RESPProxy

/// Whatever version of a server it is (`REDIS_SERVER_BINARY`).
@Suite("of a real server's commands")
struct HarmlessCommandsTests {
    /// Those that may change keys, or which server has them, although the table does not say so.
    private static let opaque: Set<String> = [
        "debug", "eval", "evalsha", "failover", "fcall", "replicaof", "shutdown", "slaveof", "module load",
        "module loadex", "module unload", "cluster addslots", "cluster addslotsrange", "cluster bumpepoch",
        "cluster cancelslotmigrations", "cluster delslots", "cluster delslotsrange", "cluster failover",
        "cluster flushslots", "cluster forget", "cluster meet", "cluster migrateslots", "cluster migration",
        "cluster replicate", "cluster reset", "cluster set-config-epoch", "cluster setslot", "cluster syncslots",
    ]

    /// Words of the protection against HTTP that older tables have, and containers without a subcommand.
    private static let nothing: Set<String> = ["host:", "post", "cluster", "module"]

    @Test(
        "those flagged neither to read nor to write are known to change no key, but for scripts, replication and the like"
    )
    func unflagged() throws {
        let server = try RedisServer()
        let connection = try RawConnection(port: server.port)
        try connection.sendCommand("COMMAND")
        let bytes = Array(try connection.receiveReplies(1).utf8)
        let read = CommandTable(reply: bytes.span.bytes)
        let table = try #require(read)
        let entries = try server.command("COMMAND").elements
        var names: [[String]] = []
        for entry in entries {
            let fields = entry.elements
            let name = try #require(fields.first?.string)
            names.append([name])
            for subentry in fields.count > 9 ? fields[9].elements : [] {
                let full = try #require(subentry.elements.first?.string)
                names.append([name, String(full.drop { $0 != "|" }.dropFirst())])
            }
        }
        #expect(names.count > 150)
        var unknown: Set<String> = []
        for words in names {
            let command = CommandView(words: words)
            let entry = table.entry(for: command)
            let flags = try #require(entry.description).flags
            guard flags.isDisjoint(with: [.write, .readonly]) else { continue }
            if !WriteEffect(of: command, entry).isKnown { unknown.insert(words.joined(separator: " ")) }
        }
        #expect(unknown.subtracting(Self.opaque).subtracting(Self.nothing) == [])
        #expect(unknown.isSuperset(of: ["debug", "eval", "evalsha", "replicaof"]))
    }
}
