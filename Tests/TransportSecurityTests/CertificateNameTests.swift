import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import TransportSecurity

@Suite("the name in a client's certificate")
struct CertificateNameTests {
    private let certificates: TestCertificates

    init() throws {
        self.certificates = try TestCertificates()
    }

    private func read(_ field: CertificateNameField, _ certificate: NIOSSLCertificate) -> String {
        do throws(CertificateNameFault) {
            return String(decoding: try CertificateName.read(field, from: certificate), as: UTF8.self)
        } catch {
            return error.description
        }
    }

    private func read(
        _ field: CertificateNameField, subject: String, names: String = "DNS:localhost"
    ) throws -> String {
        let identity = try self.certificates.identity("client", subject: subject, names: names)
        return self.read(field, try #require(try NIOSSLCertificate.fromPEMFile(identity.certificate).first))
    }

    @Test("the common name is read wherever it stands in the subject")
    func commonName() throws {
        #expect(try self.read(.commonName, subject: "/CN=alice") == "alice")
        #expect(try self.read(.commonName, subject: "/O=company/CN=alice/OU=unit") == "alice")
        #expect(try self.read(.commonName, subject: "/O=company+CN=alice") == "alice")
        #expect(try self.read(.commonName, subject: "/C=DE/CN=alice") == "alice")
    }

    @Test("one that is missing, empty, not single, or that no user can have, is no name")
    func refused() throws {
        #expect(try self.read(.commonName, subject: "/O=company") == "it has no common name")
        #expect(try self.read(.commonName, subject: "/CN=alice/CN=admin") == "it has more than one common name")
        #expect(try self.read(.commonName, subject: "/CN=alice+CN=admin") == "it has more than one common name")
        #expect(try self.read(.commonName, subject: "/CN=alice admin").hasPrefix("its common name holds a blank"))
    }

    @Test(
        "bytes that do not print, the NUL of a name that goes on behind it among them, and such as are not UTF-8",
        arguments: [
            (0x00, "holds a blank, a NUL"), (0x0A, "holds a blank, a NUL"), (0x7F, "holds a"), (0xFF, "is not UTF-8"),
        ])
    func bytes(byte: UInt8, fault: String) throws {
        let identity = try self.certificates.identity("client", commonName: "alice#admin")
        let whole = try #require(try NIOSSLCertificate.fromPEMFile(identity.certificate).first).toDERBytes()
        let text = Array("alice#admin".utf8)
        let place = try #require(whole.indices.first { whole[$0...].starts(with: text) })
        var changed = whole
        changed[place + 5] = byte
        // Its signature is wrong by now, at which nobody looks here.
        guard let certificate = try? NIOSSLCertificate(bytes: changed, format: .der) else {
            #expect(byte == 0xFF, "BoringSSL takes all others for a name")
            return
        }
        #expect(self.read(.commonName, certificate).contains("its common name \(fault)"))
    }

    @Test("the URI is the one among the alternative names")
    func uri() throws {
        let alice = "URI:spiffe://example/alice"
        #expect(
            try self.read(.uri, subject: "/CN=other", names: "DNS:localhost,\(alice),email:a@example.com")
                == "spiffe://example/alice")
        #expect(try self.read(.uri, subject: "/CN=alice", names: "DNS:localhost") == "it has no URI")
        #expect(try self.read(.uri, subject: "/CN=alice", names: "\(alice),\(alice)") == "it has more than one URI")
        let long = String(repeating: "x", count: 2_048)
        #expect(
            try self.read(.uri, subject: "/CN=alice", names: "URI:spiffe://\(long)")
                == "its URI is longer than 2048 bytes")
    }
}
