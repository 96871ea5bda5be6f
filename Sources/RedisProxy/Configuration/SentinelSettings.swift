import BackingClient

/// Which Sentinels keep the backing, and who we are to them.
struct SentinelSettings: Sendable {
    var sentinels: [BackingAddress]
    /// The name by which they know the primary.
    var name: String
    /// nil = the default user.
    var username: String?
    var password: Secret?
    /// nil = not encrypted.
    var tls: BackingTLSSettings?
    /// By the addresses that are announced.
    var addresses: [AddressMapping]
}

extension SentinelSettings {
    /// Options that mean nothing without Sentinels.
    private static let dependents: [any OptionDescription] = [
        OptionTable.redisSentinelMaster, OptionTable.redisSentinelUsername, OptionTable.redisSentinelPassword,
        OptionTable.redisSentinelPasswordFile, OptionTable.redisSentinelTLS, OptionTable.redisAddressMap,
    ]

    /// - Returns: nil where no Sentinels are named.
    init?(_ reader: BackingPartReader, isEncrypted: Bool) throws(ConfigurationError) {
        let options = reader.options
        guard let sentinels = try reader.optionalValue(of: OptionTable.redisSentinels, \.sentinels) else {
            for option in Self.dependents where options.source(of: option) != nil {
                throw ConfigurationError(
                    "\(options.givenName(of: option)): given without Sentinels, expected \(OptionTable.redisSentinels.environment) beside it"
                )
            }
            return nil
        }
        self.sentinels = sentinels
        let source = reader.nameOfSentinels
        try Self.refuseServer(reader, beside: source)
        guard let name = try reader.optionalValue(of: OptionTable.redisSentinelMaster, \.sentinelMaster) else {
            throw ConfigurationError(
                "\(source): needs the name of the primary, expected \(OptionTable.redisSentinelMaster.environment) beside it"
            )
        }
        self.name = name
        username = try options.value(of: OptionTable.redisSentinelUsername)
        password = try options.password(OptionTable.redisSentinelPassword, file: OptionTable.redisSentinelPasswordFile)
        if username != nil, password == nil {
            throw options.missingPassword(
                of: OptionTable.redisSentinelUsername, OptionTable.redisSentinelPassword,
                file: OptionTable.redisSentinelPasswordFile)
        }
        let speaksTLS = try options.value(of: OptionTable.redisSentinelTLS) ?? isEncrypted
        tls = speaksTLS ? try BackingTLSSettings(options, address: .primary(name: name), isOn: true) : nil
        addresses = try options.value(of: OptionTable.redisAddressMap)
    }

    /// Where there are Sentinels, it is for them to say where the server is.
    private static func refuseServer(_ reader: BackingPartReader, beside source: String) throws(ConfigurationError) {
        let server: [any OptionDescription] = [OptionTable.redisHost, OptionTable.redisPort]
        for option in server where reader.options.source(of: option) != nil {
            throw ConfigurationError(
                "\(source) and \(reader.options.givenName(of: option)) are given together, expected only one of them: Sentinels say"
                    + " where the server is")
        }
        if reader.url?.host != nil || reader.url?.port != nil {
            throw ConfigurationError(
                "\(source) and \(reader.options.givenName(of: OptionTable.redisURL)), which names a server, are given together,"
                    + " expected only one of them, or redis+sentinel:// in the URL")
        }
    }
}
