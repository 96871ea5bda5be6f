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
        #expect(steps(encryption, "\u{16}", "GET /", "GET / HTTP/1.1\n") == [.beginTLS, .wait, .speaks(.http)])
        #expect(steps(encryption, "\u{16}", "\u{16}") == [.beginTLS, .speaks(.resp)])
        #expect(steps(encryption, accepts: .http, "\u{16}", "*1") == [.beginTLS, .speaks(.http)])
    }

    @Test("plaintext is refused where TLS is required, once its protocol is known")
    func plaintext() {
        #expect(steps(.required, "GET", "GET / HTTP/1.1\n") == [.wait, .refusePlaintext(.http)])
        #expect(steps(.required, "*1") == [.refusePlaintext(.resp)])
        #expect(steps(.required, accepts: .resp, "GET") == [.refusePlaintext(.resp)])
        #expect(steps(.offered, "*1") == [.speaks(.resp)])
    }
}
