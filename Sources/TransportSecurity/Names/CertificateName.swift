import NIOSSL
import SwiftASN1

/// The name that a client's certificate has for a user: exactly one, and one that a user can have. Half a name would be somebody else's.
enum CertificateName {
    /// In bytes; longer than any name that people give, URIs among them.
    static let lengthLimit = 2_048

    static func read(
        _ field: CertificateNameField, from certificate: NIOSSLCertificate
    ) throws(CertificateNameFault) -> [UInt8] {
        let (names, kind) =
            switch field {
            case .off, .commonName: (try Self.commonNames(of: certificate), "common name")
            case .uri: (Self.uris(of: certificate), "URI")
            }
        guard let name = names.first else { throw CertificateNameFault("it has no \(kind)") }
        guard names.count == 1 else { throw CertificateNameFault("it has more than one \(kind)") }
        try Self.check(name, kind)
        return name
    }

    /// What no user of a server has in his name: blanks and bytes that do not print, a NUL among them.
    static func mayName(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x7F }

    private static func check(_ name: [UInt8], _ kind: String) throws(CertificateNameFault) {
        guard !name.isEmpty else { throw CertificateNameFault("its \(kind) is empty") }
        guard name.count <= Self.lengthLimit else {
            throw CertificateNameFault("its \(kind) is longer than \(Self.lengthLimit) bytes")
        }
        guard name.allSatisfy(Self.mayName) else {
            throw CertificateNameFault("its \(kind) holds a blank, a NUL, a line break or another control character")
        }
        guard String(validating: name, as: UTF8.self) != nil else {
            throw CertificateNameFault("its \(kind) is not UTF-8")
        }
    }

    /// None where the extension is there twice.
    private static func uris(of certificate: NIOSSLCertificate) -> [[UInt8]] {
        certificate._subjectAlternativeNames().filter { $0.nameType == .uri }.map { Array($0.contents) }
    }

    // MARK: The subject

    private static func commonNames(of certificate: NIOSSLCertificate) throws(CertificateNameFault) -> [[UInt8]] {
        do {
            return try Self.subject(in: certificate.toDERBytes()).flatMap(Self.commonNames)
        } catch let fault as CertificateNameFault {
            throw fault
        } catch {
            throw CertificateNameFault("its subject cannot be read")
        }
    }

    /// The relative names that the subject is made of: RFC 5280, 4.1.
    private static func subject(in bytes: [UInt8]) throws -> [ASN1Node] {
        guard let content = try Self.elements(of: DER.parse(bytes)).first else { throw Unreadable() }
        var fields = try Self.elements(of: content)
        let version = ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
        if fields.first?.identifier == version { fields.removeFirst() }
        // Serial number, signature, issuer, validity, subject.
        guard fields.count > 4 else { throw Unreadable() }
        return try Self.elements(of: fields[4])
    }

    private static func commonNames(in relativeName: ASN1Node) throws -> [[UInt8]] {
        try Self.elements(of: relativeName, .set).compactMap { attribute in
            let parts = try Self.elements(of: attribute)
            guard parts.count == 2 else { throw Unreadable() }
            let type = try ASN1ObjectIdentifier(derEncoded: parts[0])
            return type == .NameAttributes.commonName ? try Self.text(of: parts[1]) : nil
        }
    }

    private static func text(of value: ASN1Node) throws -> [UInt8] {
        guard Self.encodings.contains(value.identifier), case .primitive(let bytes) = value.content else {
            throw CertificateNameFault("its common name is none of UTF8String, PrintableString and IA5String")
        }
        return Array(bytes)
    }

    private static let encodings: [ASN1Identifier] = [.utf8String, .printableString, .ia5String]

    private static func elements(of node: ASN1Node, _ identifier: ASN1Identifier = .sequence) throws -> [ASN1Node] {
        guard node.identifier == identifier, case .constructed(let elements) = node.content else { throw Unreadable() }
        return Array(elements)
    }

    private struct Unreadable: Error {}
}

/// Why a certificate names no user.
struct CertificateNameFault: Error, Equatable, CustomStringConvertible {
    /// What is wrong with it, without the name itself.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
