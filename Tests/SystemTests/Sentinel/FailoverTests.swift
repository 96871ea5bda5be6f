import TestSupport
import Testing

@Suite("a primary that Sentinel keeps is followed", .blocking, .notOverTLS("SentinelTLSTests are"))
struct FailoverTests {
    @Test("a planned failover: errors at once meanwhile, and then the new primary's data, from the cache, too")
    func planned() throws {
        let group = try SentinelGroup()
        let proxy = try ProxyProcess(environment: group.environment)
        let client = try proxy.client()
        try eventually("the primary is found") { try client.command("SET", "k", "old") == .status("OK") }
        #expect(try client.command("GET", "k") == .text("old"))
        let stateful = try proxy.connection()
        #expect(try stateful.roundTrip("MULTI") == "+OK\r\n")
        try group.servers[0].command("WAIT", "2", "5000")
        let primary = try group.failOver()
        #expect(primary !== group.servers[0])
        try primary.command("SET", "k", "new")
        try eventually("reads are the new primary's") { try client.command("GET", "k") == .text("new") }
        #expect(try stateful.receiveToEnd().bytes.isEmpty, "its transaction is lost, so it is closed")
        #expect(try client.command("SET", "k", "newer") == .status("OK"))
        #expect(try primary.command("GET", "k") == .text("newer"))
        #expect(proxy.log.contains("the primary of mymaster is 127.0.0.1:\(primary.port) now, and was"))
    }
}
