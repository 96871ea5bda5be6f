import NIOCore
import Testing

@testable import RESPProxy

@Suite("how a connection begins, on a port with a certificate and without")
struct OpeningTests {
    /// The steps on texts that stand for all bytes so far.
    private func steps(
        _ encryption: Opening.Encryption, accepts: ListenerProtocol = .both, _ texts: String...
    ) -> [Opening.Step] {
        var opening = Opening(accepts: accepts, encryption: encryption)
        return texts.map { text in
            let bytes = Array(text.utf8)
            return opening.step(on: bytes.span.bytes)
        }
    }

    @Test("without a certificate 0x16 is RESP")
    func none() {
        #expect(steps(.none, "\u{16}") == [.speaks(.resp)])
        #expect(steps(.none, "GET / HTTP/1.1\r\n") == [.speaks(.http)])
    }

    @Test("0x16 begins TLS, once; inside of it is RESP or HTTP", arguments: [Opening.Encryption.offered, .required])
    func begins(encryption: Opening.Encryption) {
        #expect(steps(encryption, "\u{16}\u{3}", "*1") == [.beginTLS, .speaks(.resp)])
        #expect(steps(encryption, "\u{16}", "GET /", "GET / HTTP/1.1\n") == [.beginTLS, .wait(), .speaks(.http)])
        #expect(steps(encryption, "\u{16}", "\u{16}") == [.beginTLS, .speaks(.resp)])
        #expect(steps(encryption, accepts: .http, "\u{16}", "*1") == [.beginTLS, .speaks(.http)])
    }

    @Test("plaintext is refused where TLS is required, once its protocol is known")
    func plaintext() {
        #expect(steps(.required, "GET", "GET / HTTP/1.1\n") == [.wait(), .refuse(.plaintext, .http)])
        #expect(steps(.required, "*1") == [.refuse(.plaintext, .resp)])
        #expect(steps(.required, accepts: .resp, "GET") == [.refuse(.plaintext, .resp)])
        #expect(steps(.offered, "*1") == [.speaks(.resp)])
    }

    /// The steps on bytes that come one by one, as the one who asks takes away what is skipped.
    private func steps(
        _ opening: inout Opening, _ bytes: [UInt8]
    ) -> [Opening.Step] {
        var steps: [Opening.Step] = []
        var received: [UInt8] = []
        for byte in bytes {
            received.append(byte)
            let step = opening.step(on: received.span.bytes)
            if case .skip(let header) = step { received.removeFirst(header.length) }
            if case .beginTLS = step { received = [] }
            if step != .wait() { steps.append(step) }
        }
        return steps
    }

    @Test(
        "a header that is required comes first: before TLS, and once", arguments: [Opening.Encryption.none, .required])
    func header(encryption: Opening.Encryption) throws {
        let header = HeaderBytes.ipv4.with(0x04, [1, 2]).bytes
        let client = try ProxyHeader(
            origin: .client(SocketAddress(ipAddress: "203.0.113.9", port: 40000)), length: header.count)
        var opening = Opening(accepts: .both, encryption: encryption, requiresHeader: true)
        let tls: [UInt8] = encryption == .none ? [] : [0x16]
        #expect(
            steps(&opening, header + tls + Array("GET / HTTP/1.1\n".utf8))
                == [.skip(client)] + (tls.isEmpty ? [] : [.beginTLS]) + [.speaks(.http)])
        #expect(!opening.awaitsHeader)
        var without = Opening(accepts: .both, encryption: encryption, requiresHeader: true)
        #expect(steps(&without, [0x16]) == [.close(.missing)])
        var twice = Opening(accepts: .both, encryption: .none, requiresHeader: true)
        #expect(steps(&twice, header + header.prefix(12)).last == .refuse(.proxyHeader, .resp))
    }

    @Test("a header that is not required is refused, before TLS and inside of it; empty lines are still RESP")
    func headerRefused() {
        let header = HeaderBytes.ipv4.bytes
        for (accepts, verdict) in [(ListenerProtocol.both, FirstBytes.Verdict.resp), (.resp, .resp), (.http, .http)] {
            for encryption in [Opening.Encryption.none, .offered, .required] {
                var opening = Opening(accepts: accepts, encryption: encryption)
                let steps = steps(&opening, Array(header.prefix(12)))
                #expect(steps.last == .refuse(.proxyHeader, verdict))
                let otherwise = encryption == .required ? Opening.Step.refuse(.plaintext, verdict) : .speaks(verdict)
                #expect(steps.dropLast() == Array(repeating: .wait(otherwise: otherwise), count: 11)[...])
            }
        }
        #expect(steps(.required, "\u{16}", "\r\n\r\n\0\r\nQUIT\n") == [.beginTLS, .refuse(.proxyHeader, .resp)])
        #expect(
            steps(.none, "\r\n", "\r\nPING\r\n") == [.wait(otherwise: .speaks(.resp)), .speaks(.resp)])
    }
}
