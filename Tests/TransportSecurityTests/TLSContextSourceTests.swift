import NIOSSL
import TestSupport
import Testing

@testable import TransportSecurity

@Suite("a TLS context is made anew when its files have changed")
struct TLSContextSourceTests {
    private let certificates: TestCertificates
    private let certificatePath: String
    private let keyPath: String

    init() throws {
        self.certificates = try TestCertificates()
        self.certificatePath = self.certificates.path("in-use.crt")
        self.keyPath = self.certificates.path("in-use.key")
    }

    private func put(_ identity: TestCertificates.Identity, certificateOnly: Bool = false) throws {
        try self.certificates.copy(identity.certificate, to: self.certificatePath)
        if !certificateOnly { try self.certificates.copy(identity.key, to: self.keyPath) }
    }

    private func source() throws -> TLSContextSource {
        let identity = TLSIdentityFiles(
            certificate: TLSFile(path: self.certificatePath, option: "CERT"),
            key: TLSFile(path: self.keyPath, option: "KEY"), password: nil, passwordOption: "PASSWORD")
        return try TLSContextSource(
            TLSFiles(identity: identity, authorities: TLSFile(path: self.certificates.authority, option: "CA")),
            base: .makeClientConfiguration())
    }

    @Test("a new certificate is taken up, by new connections only; the same content is not")
    func changed() throws {
        try self.put(self.certificates.identity("first", days: -1...10))
        let source = try self.source()
        let (first, end) = (source.context, try #require(source.expiry))
        #expect(source.reload(now: 0) == .unchanged)
        #expect(source.context === first)
        try self.put(self.certificates.identity("second", days: -1...20))
        #expect(source.reload(now: 0) == .changed)
        #expect(source.context !== first)
        #expect(try #require(source.expiry) > end)
    }

    @Test("what cannot be used, or has expired, is refused once, and what was in use stays")
    func refused() throws {
        let first = try self.certificates.identity("first")
        try self.put(first)
        let source = try self.source()
        let context = source.context
        func expectRefusal(_ text: String) {
            guard case .refused(let error) = source.reload(now: 1_700_000_000) else {
                Issue.record("not refused: \(text)")
                return
            }
            #expect(error.description.contains(text))
            #expect(source.reload(now: 1_700_000_000) == .unchanged, "it is said once")
            #expect(source.context === context)
        }
        // As it is while somebody copies one file after the other.
        try self.put(self.certificates.identity("second"), certificateOnly: true)
        expectRefusal("is not that of the certificate")
        try self.certificates.write("-----BEGIN CERTIFICATE-----\nnonsense", to: self.certificatePath)
        expectRefusal("holds no certificate in PEM form")
        try self.put(self.certificates.identity("old", days: -9000 ... -8999))
        expectRefusal("has expired")
        try self.put(first)
        #expect(source.reload(now: 1_700_000_000) == .unchanged)
    }

    @Test("a folder of authorities is read, and noticed when a file comes to it")
    func folder() throws {
        let folder = try TemporaryFolder()
        let others = try TestCertificates("another authority")
        let file = TLSFile(path: folder.path("."), option: "CA")
        #expect(throws: TLSMaterialError.self) {
            try TLSContextSource(TLSFiles(authorities: file), base: .makeClientConfiguration())
        }
        try self.certificates.copy(self.certificates.authority, to: folder.path("a.pem"))
        let source = try TLSContextSource(TLSFiles(authorities: file), base: .makeClientConfiguration())
        #expect(source.reload(now: 0) == .unchanged)
        try others.copy(others.authority, to: folder.path("b.crt"))
        #expect(source.reload(now: 0) == .changed)
        #expect(source.expiry == nil)
    }
}
