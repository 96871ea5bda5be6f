import TestSupport
import Testing

extension ProxyProcess {
    /// Reads `k` three times in each way, where each reply to that is cut: a short value never passes for a whole one, and nothing of it is cached.
    ///
    /// - Parameters:
    ///   - length: That of the value.
    ///   - endsSending: Whether the client ends its side behind its commands.
    func expectCutReplies(length: Int, endsSending: Bool) throws {
        for _ in 0..<3 {
            let fill = try self.connection()
            try fill.send("GET k\r\n")
            #expect(try fill.receive(count: 4) == Array("-ERR".utf8), "nothing of it had been passed on")
            let relayed = try self.connection()
            try relayed.send("GETRANGE k 0 -1\r\nPING\r\n")
            if endsSending { relayed.finishSending() }
            let answer = try relayed.receiveToEnd().bytes
            #expect(answer.count < length && !printable(answer.suffix(20)).contains("PONG"))
            #expect(try self.http.get("/k").status / 100 == 5)
        }
    }
}
