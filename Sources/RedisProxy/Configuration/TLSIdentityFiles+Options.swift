import TransportSecurity

extension TLSIdentityFiles {
    /// - Returns: nil where no certificate is named.
    /// - Throws: where one of the files is named without those that it needs beside it.
    init?(
        _ options: OptionReader, certificate certificateOption: Option<String?>, key keyOption: Option<String?>,
        password passwordOption: Option<String?>
    ) throws(ConfigurationError) {
        let certificate = try options.file(of: certificateOption)
        let key = try options.file(of: keyOption)
        let password = try options.file(of: passwordOption)
        if let password, key == nil { throw Self.lacks(keyOption, beside: password) }
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, nil): throw Self.lacks(keyOption, beside: certificate)
        case (nil, let key?): throw Self.lacks(certificateOption, beside: key)
        case (let certificate?, let key?):
            self.init(
                certificate: certificate, key: key, password: password, passwordOption: passwordOption.environment)
        }
    }

    private static func lacks(_ option: some OptionDescription, beside file: TLSFile) -> ConfigurationError {
        ConfigurationError("\(file.option): needs \(option.environment) beside it")
    }
}

extension OptionReader {
    /// The file that an option names.
    func file(of option: Option<String?>) throws(ConfigurationError) -> TLSFile? {
        guard let path = try value(of: option) else { return nil }
        return TLSFile(path: path, option: givenName(of: option))
    }
}
