import TransportSecurity

/// How connections of clients are encrypted; the files have not been read.
struct ListenerTLSSettings: Sendable {
    var files: TLSFiles
    var terms: ListenerTLS.Terms
    /// Those of the users whom certificates name; there where they do.
    var passwords: TLSFile?
    var allowsPlaintext: Bool

    /// Reads the files.
    func load() throws(ConfigurationError) -> ListenerTLS {
        do {
            return try ListenerTLS(
                files: files, terms: terms, passwords: passwords, allowsPlaintext: allowsPlaintext)
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
        let authorities = try options.file(of: OptionTable.tlsAuthorities)
        let given = try options.value(of: OptionTable.tlsClientCertificates)
        let name = try options.value(of: OptionTable.tlsClientName)
        passwords = try options.file(of: OptionTable.tlsClientPasswords)
        try Self.check(name, passwords, options, areCertificatesAsked: given != .no)
        guard let identity else {
            // Who wants to see certificates wants TLS: nobody is to be let in without because one word is missing.
            if let authorities { throw Self.lacks(OptionTable.tlsCertificate, beside: authorities.option) }
            if let given, given != .no {
                throw Self.lacks(
                    OptionTable.tlsCertificate, beside: options.givenName(of: OptionTable.tlsClientCertificates))
            }
            if name != .off {
                throw Self.lacks(OptionTable.tlsCertificate, beside: options.givenName(of: OptionTable.tlsClientName))
            }
            return nil
        }
        if authorities == nil, let given, given != .no {
            throw Self.lacks(
                OptionTable.tlsAuthorities, beside: options.givenName(of: OptionTable.tlsClientCertificates))
        }
        if authorities == nil, name != .off {
            throw Self.lacks(OptionTable.tlsAuthorities, beside: options.givenName(of: OptionTable.tlsClientName))
        }
        let clientCertificates = authorities == nil ? .no : given ?? .yes
        allowsPlaintext = try options.value(of: OptionTable.tlsPlaintext)
        if allowsPlaintext, clientCertificates == .yes {
            throw ConfigurationError(
                "\(options.givenName(of: OptionTable.tlsPlaintext)): on, but clients must show a certificate, expected off, or "
                    + "\(OptionTable.tlsClientCertificates.environment)=optional")
        }
        files = TLSFiles(identity: identity, authorities: clientCertificates == .no ? nil : authorities)
        terms = ListenerTLS.Terms(
            clientCertificates: clientCertificates,
            requiresVersion13: try options.value(of: OptionTable.tlsMinimumVersion) == .version13,
            ciphers: try options.value(of: OptionTable.tlsCiphers))
        terms.clientName = name
    }

    /// Names of certificates, and passwords for them, are of no use without each other, nor where nobody is asked for a certificate.
    private static func check(
        _ name: CertificateNameField, _ passwords: TLSFile?, _ options: OptionReader, areCertificatesAsked: Bool
    ) throws(ConfigurationError) {
        guard name != .off else {
            guard let passwords else { return }
            throw lacks(OptionTable.tlsClientName, beside: passwords.option)
        }
        guard passwords != nil else {
            throw lacks(OptionTable.tlsClientPasswords, beside: options.givenName(of: OptionTable.tlsClientName))
        }
        guard areCertificatesAsked else {
            throw ConfigurationError(
                "\(options.givenName(of: OptionTable.tlsClientName)): \(name.rawValue), but clients are asked for no certificate, expected"
                    + " off, or \(OptionTable.tlsClientCertificates.environment)=yes or optional")
        }
    }

    /// - Returns: nil where the admin port speaks plaintext.
    init?(ofAdminPort options: OptionReader, clients: ListenerTLSSettings?) throws(ConfigurationError) {
        guard try options.value(of: OptionTable.adminTLS) else { return nil }
        guard let clients else {
            throw Self.lacks(OptionTable.tlsCertificate, beside: options.givenName(of: OptionTable.adminTLS))
        }
        self = clients
        files.authorities = nil
        terms.clientCertificates = .no
        terms.clientName = .off
        passwords = nil
        allowsPlaintext = false
    }

    private static func lacks(_ option: some OptionDescription, beside name: String) -> ConfigurationError {
        ConfigurationError("\(name): needs \(option.environment) beside it")
    }
}
