import BackingClient
import NIOCore

/// Where the backing is and who we are there: by a URL, by options of its parts, or by both where they do not contradict each other.
struct BackingSettings: Sendable {
    var address: BackingAddress
    /// nil = the default user.
    var username: String?
    var password: Secret?
    var database: Int
    /// nil = not encrypted.
    var tls: BackingTLSSettings?
    var connectTimeout: TimeAmount
    var commandTimeout: TimeAmount
    /// nil = the kernel asks nothing.
    var keepAlive: TimeAmount?
}

extension BackingSettings {
    /// What a URL can say, too.
    private static let parts: [any OptionDescription] = [
        OptionTable.redisHost, OptionTable.redisPort, OptionTable.redisUsername, OptionTable.redisPassword,
        OptionTable.redisPasswordFile, OptionTable.redisDatabase, OptionTable.redisTLS,
    ]

    /// A URL among the flags replaces all parts that variables give; parts among the flags replace a URL that a variable gives.
    init(_ options: OptionReader) throws(ConfigurationError) {
        let source = options.source(of: OptionTable.redisURL)
        let isReplaced = source == .environment && Self.parts.contains { options.source(of: $0) == .flags }
        guard let source, !isReplaced else {
            try self.init(PartReader(options: options, url: nil))
            return
        }
        let parts = options.reading(Self.parts, onlyFrom: source, exceptServiceLinksOf: OptionTable.redisPort)
        try self.init(PartReader(options: parts, url: try Self.url(options)))
    }

    private init(_ reader: PartReader) throws(ConfigurationError) {
        // The port is read even where a Unix socket makes it idle: a value that is wrong is wrong.
        let port = try reader.value(of: OptionTable.redisPort, \.port)
        switch try reader.value(of: OptionTable.redisHost, \.host) {
        case .name(let host): address = .tcp(host: host, port: port)
        case .unixSocket(let path): address = .unix(path: path)
        }
        password = try reader.password()
        username = try reader.optionalValue(of: OptionTable.redisUsername, \.username)
        database = try reader.value(of: OptionTable.redisDatabase, \.database)
        let isEncrypted = try reader.value(of: OptionTable.redisTLS, \.isTLS)
        tls = try BackingTLSSettings(reader.options, address: address, isOn: isEncrypted)
        connectTimeout = try reader.options.value(of: OptionTable.connectTimeout)
        commandTimeout = try reader.options.value(of: OptionTable.commandTimeout)
        keepAlive = try reader.options.value(of: OptionTable.redisKeepAlive).unlessZero
        if username != nil && password == nil {
            let name = reader.options.givenName(of: OptionTable.redisUsername)
            throw ConfigurationError(
                "\(name): needs a password, expected \(OptionTable.redisPassword.environment) or"
                    + " \(OptionTable.redisPasswordFile.environment) beside it")
        }
    }

    private static func url(_ options: OptionReader) throws(ConfigurationError) -> BackingURL? {
        guard let text = try options.value(of: OptionTable.redisURL) else { return nil }
        do {
            return try BackingURL(String(decoding: text.reveal(), as: UTF8.self))
        } catch {
            throw ConfigurationError(
                "\(options.givenName(of: OptionTable.redisURL)): the URL \(error.reason), expected"
                    + " redis://[user:password@]host[:port][/database], rediss://… or unix:///path")
        }
    }
}

/// Reads a part of the backing from a URL, from its own option, or from both where they say the same.
private struct PartReader {
    let options: OptionReader
    let url: BackingURL?

    func value<Value: Equatable>(
        of option: Option<Value>, _ part: (BackingURL) -> Value?
    ) throws(ConfigurationError) -> Value {
        let given = try options.value(of: option)
        guard let named = url.flatMap(part) else { return given }
        guard options.source(of: option) == nil || given == named else { throw contradiction(option) }
        return named
    }

    func optionalValue<Value: Equatable>(
        of option: Option<Value?>, _ part: (BackingURL) -> Value?
    ) throws(ConfigurationError) -> Value? {
        let given = try options.value(of: option)
        guard let named = url.flatMap(part) else { return given }
        guard given == nil || given == named else { throw contradiction(option) }
        return named
    }

    func password() throws(ConfigurationError) -> Secret? {
        let named = try optionalValue(of: OptionTable.redisPassword, \.password)
        guard let path = try options.value(of: OptionTable.redisPasswordFile) else { return named }
        let name = options.givenName(of: OptionTable.redisPasswordFile)
        guard try options.value(of: OptionTable.redisPassword) == nil else {
            throw ConfigurationError(
                "\(name): given together with \(options.givenName(of: OptionTable.redisPassword)), expected only one of them"
            )
        }
        let read: Secret
        do {
            read = try PasswordFile.read(path: path)
        } catch {
            throw ConfigurationError(
                "\(name): \(QuotedValue(path)) \(error.reason), expected a file that holds the password")
        }
        guard named == nil || named == read else { throw contradiction(OptionTable.redisPasswordFile) }
        return read
    }

    /// Shows neither value: one of them may hold a password.
    private func contradiction(_ option: some OptionDescription) -> ConfigurationError {
        ConfigurationError(
            "\(options.givenName(of: OptionTable.redisURL)) and \(options.givenName(of: option)) contradict each other,"
                + " expected one of them, or the same in both")
    }
}
