import BackingClient
import TransportSecurity

/// How the connections to the backing are encrypted; the files have not been read.
struct BackingTLSSettings: Sendable {
    var files: TLSFiles
    /// nil = the host.
    var serverName: String?
    var verifies: Bool
    var options: BackingTLS.OptionNames

    /// Reads the files.
    func load() throws(ConfigurationError) -> BackingTLS {
        do {
            return try BackingTLS(files: files, serverName: serverName, verifies: verifies, options: options)
        } catch {
            throw ConfigurationError(error.description)
        }
    }
}

extension BackingTLSSettings {
    /// - Returns: nil where TLS is off.
    /// - Throws: where options contradict each other.
    init?(_ options: OptionReader, address: BackingAddress, isOn: Bool) throws(ConfigurationError) {
        guard isOn else {
            try Self.refuseOptionsWithoutTLS(options)
            return nil
        }
        if case .unix = address {
            throw ConfigurationError(
                "\(options.givenName(of: OptionTable.redisTLS)): on, but the backing is a Unix socket, expected off or a host"
            )
        }
        verifies = try options.value(of: OptionTable.redisTLSVerify)
        serverName = try options.value(of: OptionTable.redisTLSServerName)
        files = TLSFiles(
            identity: try TLSIdentityFiles(
                options, certificate: OptionTable.redisTLSCertificate, key: OptionTable.redisTLSKey,
                password: OptionTable.redisTLSKeyPassword),
            authorities: try Self.authorities(options, areNeeded: verifies))
        self.options = BackingTLS.OptionNames(
            isOn: OptionTable.redisTLS.environment, authorities: OptionTable.redisTLSAuthorities.environment,
            certificate: OptionTable.redisTLSCertificate.environment,
            serverName: OptionTable.redisTLSServerName.environment, verifies: OptionTable.redisTLSVerify.environment,
            port: OptionTable.redisPort.environment)
    }

    private static func authorities(_ options: OptionReader, areNeeded: Bool) throws(ConfigurationError) -> TLSFile? {
        let option = OptionTable.redisTLSAuthorities
        if let file = try options.file(of: option) { return file }
        guard areNeeded else { return nil }
        guard let file = SystemAuthorities.file(option: option.environment) else {
            throw ConfigurationError(
                "\(option.environment): this system has no certificates of authorities, expected the package ca-certificates, or"
                    + " a file of them")
        }
        return file
    }

    /// Who names a certificate wants TLS: a password is not to go out in the clear because one word is missing.
    private static func refuseOptionsWithoutTLS(_ options: OptionReader) throws(ConfigurationError) {
        let names = [
            OptionTable.redisTLSAuthorities, OptionTable.redisTLSCertificate, OptionTable.redisTLSKey,
            OptionTable.redisTLSKeyPassword, OptionTable.redisTLSServerName,
        ]
        for option in names where try options.value(of: option) != nil {
            let tls = OptionTable.redisTLS
            throw ConfigurationError(
                "\(options.givenName(of: option)): given while \(tls.environment) is off, expected \(tls.environment)=on beside it"
            )
        }
    }
}
