import BackingClient
import NIOCore
import Time

/// Where the backing is and who we are there: by a URL, by options of its parts, or by both where they do not contradict each other.
struct BackingSettings: Sendable {
    var address: BackingAddress
    /// nil = the default user.
    var username: String?
    var password: Secret?
    var database: Int
    /// nil = not encrypted.
    var tls: BackingTLSSettings?
    /// nil = the server is always at ``address``.
    var sentinel: SentinelSettings?
    var connectTimeout: TimeSpan
    var commandTimeout: TimeSpan
    /// nil = the kernel asks nothing.
    var keepAlive: TimeSpan?
}

extension BackingSettings {
    /// What a URL can say, too.
    private static let parts: [any OptionDescription] = [
        OptionTable.redisHost, OptionTable.redisPort, OptionTable.redisUsername, OptionTable.redisPassword,
        OptionTable.redisPasswordFile, OptionTable.redisDatabase, OptionTable.redisTLS,
        OptionTable.redisSentinels, OptionTable.redisSentinelMaster,
    ]

    /// A URL among the flags replaces all parts that variables give; parts among the flags replace a URL that a variable gives.
    init(_ options: OptionReader) throws(ConfigurationError) {
        let source = options.source(of: OptionTable.redisURL)
        let isReplaced = source == .environment && Self.parts.contains { options.source(of: $0) == .flags }
        guard let source, !isReplaced else {
            // Kubernetes sets REDIS_PORT for a service of that name, which says nothing of a server that Sentinels keep.
            let hasSentinels = options.source(of: OptionTable.redisSentinels) != nil
            let options =
                hasSentinels
                ? options.reading([], onlyFrom: .environment, exceptServiceLinksOf: OptionTable.redisPort) : options
            try self.init(BackingPartReader(options: options, url: nil))
            return
        }
        let parts = options.reading(Self.parts, onlyFrom: source, exceptServiceLinksOf: OptionTable.redisPort)
        try self.init(BackingPartReader(options: parts, url: try Self.url(options)))
    }

    private init(_ reader: BackingPartReader) throws(ConfigurationError) {
        let isEncrypted = try reader.value(of: OptionTable.redisTLS, \.isTLS)
        sentinel = try SentinelSettings(reader, isEncrypted: isEncrypted)
        // The port is read even where a Unix socket makes it idle: a value that is wrong is wrong.
        let port = try reader.value(of: OptionTable.redisPort, \.port)
        switch (sentinel, try reader.value(of: OptionTable.redisHost, \.host)) {
        case (let sentinel?, _): address = .primary(name: sentinel.name)
        case (nil, .name(let host)): address = .tcp(host: host, port: port)
        case (nil, .unixSocket(let path)): address = .unix(path: path)
        }
        password = try reader.password()
        username = try reader.optionalValue(of: OptionTable.redisUsername, \.username)
        database = try reader.value(of: OptionTable.redisDatabase, \.database)
        // Plain servers beside Sentinels that speak TLS: the options of TLS are for those then.
        tls =
            !isEncrypted && sentinel?.tls != nil
            ? nil : try BackingTLSSettings(reader.options, address: address, isOn: isEncrypted)
        connectTimeout = try reader.options.value(of: OptionTable.connectTimeout)
        commandTimeout = try reader.options.value(of: OptionTable.commandTimeout)
        keepAlive = try reader.options.value(of: OptionTable.redisKeepAlive).unlessZero
        if username != nil && password == nil {
            throw reader.options.missingPassword(
                of: OptionTable.redisUsername, OptionTable.redisPassword, file: OptionTable.redisPasswordFile)
        }
    }

    private static func url(_ options: OptionReader) throws(ConfigurationError) -> BackingURL? {
        guard let text = try options.value(of: OptionTable.redisURL) else { return nil }
        do {
            return try BackingURL(String(decoding: text.reveal(), as: UTF8.self))
        } catch {
            throw ConfigurationError(
                "\(options.givenName(of: OptionTable.redisURL)): the URL \(error.reason), expected"
                    + " redis://[user:password@]host[:port][/database], rediss://…,"
                    + " redis+sentinel://[user:password@]host[:port],…/name[/database], rediss+sentinel://… or unix:///path"
            )
        }
    }
}

/// Reads a part of the backing from a URL, from its own option, or from both where they say the same.
struct BackingPartReader {
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
        guard try options.value(of: OptionTable.redisPasswordFile) != nil else { return named }
        let read = try options.password(OptionTable.redisPassword, file: OptionTable.redisPasswordFile)
        guard named == nil || named == read else { throw contradiction(OptionTable.redisPasswordFile) }
        return read
    }

    /// What has named the Sentinels.
    var nameOfSentinels: String {
        url?.sentinels == nil
            ? options.givenName(of: OptionTable.redisSentinels) : options.givenName(of: OptionTable.redisURL)
    }

    /// Shows neither value: one of them may hold a password.
    private func contradiction(_ option: some OptionDescription) -> ConfigurationError {
        ConfigurationError(
            "\(options.givenName(of: OptionTable.redisURL)) and \(options.givenName(of: option)) contradict each other,"
                + " expected one of them, or the same in both")
    }
}

extension OptionReader {
    /// The error that a user is given, and no password.
    func missingPassword(
        of username: some OptionDescription, _ password: some OptionDescription, file: some OptionDescription
    ) -> ConfigurationError {
        ConfigurationError(
            "\(givenName(of: username)): needs a password, expected \(password.environment) or \(file.environment) beside it"
        )
    }

    /// A password that is given by its option, or by a file.
    func password(
        _ option: Option<Secret?>, file: Option<String?>
    ) throws(ConfigurationError) -> Secret? {
        let given = try value(of: option)
        guard let path = try value(of: file) else { return given }
        let name = givenName(of: file)
        guard given == nil else {
            throw ConfigurationError("\(name): given together with \(givenName(of: option)), expected only one of them")
        }
        do {
            return try PasswordFile.read(path: path)
        } catch {
            throw ConfigurationError(
                "\(name): \(QuotedValue(path)) \(error.reason), expected a file that holds the password")
        }
    }
}
