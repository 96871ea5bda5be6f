import NIOSSL

/// A certificate with its chain, and its key.
struct TLSIdentity {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// - Parameters:
    ///   - password: what the key is encrypted with; nil: it is not.
    ///   - files: what `certificate` and `key` were read from.
    init(certificate: [UInt8], key: [UInt8], password: [UInt8]?, files: TLSIdentityFiles) throws(TLSMaterialError) {
        self.chain = try Self.certificates(in: certificate, of: files.certificate)
        self.key = try Self.privateKey(in: key, password: password, of: files)
    }

    /// All certificates of a file in PEM form.
    static func certificates(in bytes: [UInt8], of file: TLSFile) throws(TLSMaterialError) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw TLSMaterialError(file, "\(file.path) holds no certificate in PEM form")
        }
        return certificates
    }

    private static func privateKey(
        in bytes: [UInt8], password: [UInt8]?, of files: TLSIdentityFiles
    ) throws(TLSMaterialError) -> NIOSSLPrivateKey {
        do {
            guard let password else { return try NIOSSLPrivateKey(bytes: bytes, format: .pem) }
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { $0(password) }
        } catch {
            throw TLSMaterialError(
                files.key,
                "\(files.key.path) holds no key in PEM form that can be read\(Self.hint(bytes, password, files))")
        }
    }

    private static func hint(_ bytes: [UInt8], _ password: [UInt8]?, _ files: TLSIdentityFiles) -> String {
        let text = String(decoding: bytes.prefix(1 << 16), as: UTF8.self)
        guard text.contains("ENCRYPTED") else { return "" }
        let readable = "PKCS #8 encrypted by PBES2 with AES-CBC or 3DES, and the older form with AES-CBC or 3DES"
        guard password != nil else { return ": it is encrypted, and \(files.passwordOption) names no password" }
        return
            ": the password of \(files.passwordOption) is not the key's, or it is encrypted in a way that is not read."
            + " Read are \(readable)"
    }
}

/// The files of a certificate and its key.
public struct TLSIdentityFiles: Hashable, Sendable {
    /// The certificate, and behind it those of the authorities between it and a root.
    public var certificate: TLSFile
    /// The certificate's key.
    public var key: TLSFile
    /// The key's password, less one newline at its end; nil: it has none.
    public var password: TLSFile?
    /// What names, or would name, ``password``.
    public var passwordOption: String

    /// - Parameter passwordOption: what the user would have to set for an encrypted key.
    public init(certificate: TLSFile, key: TLSFile, password: TLSFile?, passwordOption: String) {
        self.certificate = certificate
        self.key = key
        self.password = password
        self.passwordOption = passwordOption
    }
}
