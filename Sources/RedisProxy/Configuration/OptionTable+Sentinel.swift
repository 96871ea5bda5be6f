import BackingClient

// MARK: Sentinel

extension OptionTable {
    static let redisSentinels = Option(
        "REDIS_SENTINELS", ValueKind.sentinels.optional(), default: nil, shown: "none",
        help:
            "Sentinels that keep the backing, in the place of REDIS_HOST and REDIS_PORT: one that answers is enough, the others are known from it."
    )
    static let redisSentinelMaster = Option(
        "REDIS_SENTINEL_MASTER", ValueKind.word.optional(), default: nil, shown: "none",
        help: "The name by which the Sentinels know the backing, such as mymaster.")
    static let redisSentinelUsername = Option(
        "REDIS_SENTINEL_USERNAME", ValueKind.text.optional(), default: nil, shown: "the default user",
        help: "ACL user of the Sentinels; needs a password. REDIS_USERNAME is for the servers.")
    static let redisSentinelPassword = Option(
        "REDIS_SENTINEL_PASSWORD", ValueKind.secret.optional(), default: nil, shown: "none",
        help: "Password of the Sentinels. Others on the machine can read flags: prefer the variable or the file.")
    static let redisSentinelPasswordFile = Option(
        "REDIS_SENTINEL_PASSWORD_FILE", ValueKind.path.optional(), default: nil, shown: "none",
        help: "File that holds that password, less one newline at its end; not together with REDIS_SENTINEL_PASSWORD.")
    static let redisSentinelTLS = Option(
        "REDIS_SENTINEL_TLS", ValueKind.onOrOff.optional(), default: nil, shown: "as `REDIS_TLS`",
        help: "Whether the connections to the Sentinels are encrypted, with the files of REDIS_TLS_….")
    static let redisAddressMap = Option(
        "REDIS_ADDRESS_MAP", .addressMap, default: [], shown: "none",
        help:
            "Where servers and Sentinels are that announce addresses which cannot be reached from here: 10.0.0.1:6379=127.0.0.1:7001,…;"
            + " certificates are still to be for the announced one.")
}

/// Where a server is that announces another address.
struct AddressMapping: Sendable, Equatable {
    var announced: BackingAddress
    var actual: BackingAddress
}
