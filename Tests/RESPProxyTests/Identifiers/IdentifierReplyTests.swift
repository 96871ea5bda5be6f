import NIOCore
import Testing

@testable import RESPProxy

@Suite("ids in the server's replies")
struct IdentifierReplyTests {
    private func replaced(_ reply: IdentifierReply, _ frame: String) -> String {
        String(buffer: reply.replacing(in: ByteBuffer(string: frame)) { $0 == 7 ? 4_503_599_627_370_496 : $0 })
    }

    @Test("an integer is replaced as a whole; an error, or what a transaction says, is left")
    func integer() {
        #expect(replaced(.own, ":7\r\n") == ":4503599627370496\r\n")
        for other in ["+QUEUED\r\n", "-NOPERM no\r\n", ":-1\r\n", "$-1\r\n", "", ":", "_\r\n"] {
            #expect(replaced(.redirection, other) == other)
        }
    }

    @Test("of HELLO, in either version, the field id and nothing else")
    func hello() {
        for (head, tail) in [("*14", "*0\r\n"), ("%7", "*1\r\n%1\r\n$2\r\nid\r\n:7\r\n")] {
            let before = "\(head)\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:7\r\n"
            let after = "$4\r\nmode\r\n$10\r\nstandalone\r\n$7\r\nmodules\r\n\(tail)"
            #expect(
                replaced(.hello, "\(before)$2\r\nid\r\n:7\r\n\(after)")
                    == "\(before)$2\r\nid\r\n:4503599627370496\r\n\(after)")
        }
        #expect(replaced(.hello, "-NOPROTO no\r\n") == "-NOPROTO no\r\n")
    }

    @Test("of lines their ids and whom they redirect to; the length in front of them is right")
    func lines() {
        let line = "id=7 addr=1.2.3.4:7 name=id=7 fd=7 redir=7 resp=7\n"
        let other = "id=4503599627370496 addr=1.2.3.4:7 name=id=7 fd=7 redir=4503599627370496 resp=7\n"
        #expect(
            replaced(.list, "$\(line.utf8.count * 2)\r\n\(line)\(line)\r\n")
                == "$\(other.utf8.count * 2)\r\n\(other)\(other)\r\n")
        #expect(
            replaced(.info, "=\(line.utf8.count + 4)\r\ntxt:\(line)\r\n")
                == "=\(other.utf8.count + 4)\r\ntxt:\(other)\r\n")
        for left in ["$-1\r\n", "$0\r\n\r\n", "-ERR id=7\r\n", "$"] { #expect(replaced(.list, left) == left) }
    }

    @Test("of a push only what says that a redirection is broken")
    func push() {
        #expect(
            replaced(.push, ">2\r\n$21\r\ntracking-redir-broken\r\n:7\r\n")
                == ">2\r\n$21\r\ntracking-redir-broken\r\n:4503599627370496\r\n")
        let other = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\n7\r\n"
        #expect(replaced(.push, other) == other)
    }
}
