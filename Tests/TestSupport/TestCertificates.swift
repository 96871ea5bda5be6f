import Foundation

/// An authority of the tests' own and certificates by it, made with `openssl`.
public final class TestCertificates: Sendable {
    /// A certificate in one file and its key in another.
    public struct Identity: Sendable {
        /// The path of the certificate, in PEM form.
        public let certificate: String
        /// The path of its key, in PEM form.
        public let key: String
    }

    private let folder: TemporaryFolder
    /// The path of the authority's certificate.
    public let authority: String
    private let authorityKey: String

    /// Makes the authority.
    public init(_ name: String = "an authority of the tests") throws {
        self.folder = try TemporaryFolder()
        self.authority = self.folder.path("ca.crt")
        self.authorityKey = self.folder.path("ca.key")
        try Self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", "/CN=\(name)", "-keyout", self.authorityKey, "-out", self.authority)
    }

    /// A certificate that the authority has signed.
    ///
    /// - Parameters:
    ///   - file: the name of its files.
    ///   - commonName: its subject; nothing else than that where the next is nil.
    ///   - subject: the whole of it, as `openssl` writes it.
    ///   - names: what it is for, as `openssl` writes it.
    ///   - days: from when to when it is valid, counted from now.
    ///   - seconds: until when, where it is to end sooner than in a day.
    public func identity(
        _ file: String, commonName: String = "localhost", subject: String? = nil,
        names: String = "DNS:localhost,IP:127.0.0.1", days: ClosedRange<Int> = -1...30, seconds: Double? = nil
    ) throws -> Identity {
        let identity = Identity(certificate: self.folder.path("\(file).crt"), key: self.folder.path("\(file).key"))
        let request = self.folder.path("\(file).csr")
        try Self.openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            subject ?? "/CN=\(commonName)", "-keyout", identity.key, "-out", request)
        // `openssl x509` cannot make one that has ended; `openssl ca` can, and wants a small database.
        let configuration = try self.folder.write(
            "\(file).cnf",
            """
            [ca]
            default_ca = authority
            [authority]
            database = \(self.folder.path("index.txt"))
            new_certs_dir = \(self.folder.path("."))
            rand_serial = yes
            default_md = sha256
            policy = anything
            unique_subject = no
            x509_extensions = extensions
            [anything]
            commonName = optional
            [extensions]
            subjectAltName = \(names)

            """)
        if !FileManager.default.fileExists(atPath: self.folder.path("index.txt")) {
            _ = try self.folder.write("index.txt", "")
        }
        try Self.openssl(
            "ca", "-batch", "-notext", "-preserveDN", "-config", configuration, "-cert", self.authority, "-keyfile",
            self.authorityKey,
            "-startdate", Self.date(inSeconds: Double(days.lowerBound) * 86_400), "-enddate",
            Self.date(inSeconds: seconds ?? Double(days.upperBound) * 86_400),
            "-in", request, "-out", identity.certificate)
        return identity
    }

    /// The path of a file beside the certificates.
    public func path(_ name: String) -> String { self.folder.path(name) }

    /// Overwrites a file with another's content.
    public func copy(_ source: String, to path: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: path))
    }

    /// Overwrites a file.
    public func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Runs `openssl` and throws what it says where it fails.
    public static func openssl(_ arguments: String...) throws {
        let result = try run("openssl", arguments)
        guard result.ending == .exited(0) else { throw TestSupportError("openssl \(arguments): \(result.errors)") }
    }

    private static func date(inSeconds seconds: Double) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyyMMddHHmmss'Z'"
        return formatter.string(from: Date(timeIntervalSinceNow: seconds))
    }
}
