import BackingClient

/// Why there is no primary, and, where an option mends that, which.
public enum Absence: Hashable, Sendable, CustomStringConvertible {
    /// No Sentinel has answered yet.
    case unknown
    /// None does.
    case noSentinel(BackingError)
    /// Those that answer are none.
    case notSentinel(BackingAddress)
    /// They keep no primary by that name.
    case unknownName
    /// It has not said yet that it is the primary.
    case unproven(BackingAddress)
    /// It says that it is something else.
    case hasRole(BackingAddress, ServerRole)
    /// It does not answer, or not that.
    case unanswered(BackingAddress, BackingError)

    /// What clients and the log are told.
    public var description: String {
        switch self {
        case .unknown: "no Sentinel has answered yet"
        case .noSentinel(let error):
            "none of the Sentinels (REDIS_SENTINELS) answers: \(error.reason)"
                + (error.refusesLogIn ? " REDIS_SENTINEL_PASSWORD and REDIS_SENTINEL_USERNAME are for Sentinels." : "")
        case .notSentinel(let address):
            "\(address) is no Sentinel; REDIS_SENTINELS names those, with their own ports"
        case .unknownName:
            "the Sentinels keep no primary by that name; REDIS_SENTINEL_MASTER names the one that is meant"
        case .unproven(let address):
            "\(address) has been named by Sentinels, and has not said yet that it is the primary"
        case .hasRole(let address, .replica): "\(address) has been named by Sentinels, but is a replica"
        case .hasRole(let address, _): "\(address) has been named by Sentinels, but is no primary"
        case .unanswered(let address, let error) where error.code == .server:
            "\(address) has been named by Sentinels, but does not say whether it is the primary: \(error)"
                + (error.refusesLogIn ? " REDIS_PASSWORD and REDIS_USERNAME are for the servers." : "")
        case .unanswered(let address, let error):
            "\(address) has been named by Sentinels: \(error.reason); where servers cannot be reached at the addresses that they announce,"
                + " REDIS_ADDRESS_MAP says where they are"
        }
    }
}

extension BackingError {
    /// Whether other credentials would mend it.
    fileprivate var refusesLogIn: Bool {
        code == .server && ["NOAUTH", "WRONGPASS", "NOPERM"].contains { message.starts(with: $0.utf8) }
    }

    /// Without the words in front.
    fileprivate var reason: String {
        let text = description
        return text.firstRange(of: "redis-proxy: ").map { String(text[$0.upperBound...]) } ?? text
    }
}
