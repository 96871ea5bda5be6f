import TransportSecurity

/// How connections of clients are encrypted; the files have not been read.
struct ListenerTLSSettings: Sendable {
    var files: TLSFiles
    var allowsPlaintext: Bool

    /// Reads the files.
    func load() throws(ConfigurationError) -> ListenerTLS {
        do {
            return try ListenerTLS(files: files, allowsPlaintext: allowsPlaintext)
        } catch {
            throw ConfigurationError(error.description)
        }
    }
}

extension ListenerTLSSettings {
    /// - Returns: nil where no certificate is named.
    /// - Throws: where options contradict each other.
    init?(_ options: OptionReader) throws(ConfigurationError) {
        let identity = try TLSIdentityFiles(
            options, certificate: OptionTable.tlsCertificate, key: OptionTable.tlsKey,
            password: OptionTable.tlsKeyPassword)
        guard let identity else { return nil }
        files = TLSFiles(identity: identity)
        allowsPlaintext = try options.value(of: OptionTable.tlsPlaintext)
    }
}
