import NIOSSL
import TestSupport
import Testing

@testable import TransportSecurity

@Suite("Contexts under which no session is resumed")
struct TicketlessContextsTests {
    private let certificates: TestCertificates

    init() throws {
        self.certificates = try TestCertificates()
    }

    private func source() throws -> TLSContextSource {
        let path = (self.certificates.path("in-use.crt"), self.certificates.path("in-use.key"))
        try self.put("first")
        let identity = TLSIdentityFiles(
            certificate: TLSFile(path: path.0, option: "CERT"), key: TLSFile(path: path.1, option: "KEY"),
            password: nil,
            passwordOption: "PASSWORD")
        return try TLSContextSource(
            TLSFiles(identity: identity, authorities: TLSFile(path: self.certificates.authority, option: "CA")),
            base: .makeClientConfiguration())
    }

    private func put(_ name: String) throws {
        let identity = try self.certificates.identity(name)
        try self.certificates.copy(identity.certificate, to: self.certificates.path("in-use.crt"))
        try self.certificates.copy(identity.key, to: self.certificates.path("in-use.key"))
    }

    @Test("one serves all connections until a handshake has ended under it, and never again")
    func tickets() throws {
        let contexts = TicketlessContexts(try self.source())
        let first = try contexts.take()
        for _ in 0..<1000 { #expect(try contexts.take() === first) }
        contexts.retire(first)
        let second = try contexts.take()
        #expect(second !== first)
        contexts.retire(first)
        #expect(try contexts.take() === second, "the end of a handshake under an earlier one leaves it")
    }

    @Test("changed files are another context's")
    func reload() throws {
        let source = try self.source()
        let contexts = TicketlessContexts(source)
        let first = try contexts.take()
        try self.put("second")
        #expect(source.reload(now: 0) == .changed)
        #expect(try contexts.take() !== first)
        #expect(try contexts.take().configuration.certificateChain == source.context.configuration.certificateChain)
    }
}
