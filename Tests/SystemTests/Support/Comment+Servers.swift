import Testing

/// Why some tests are left out in front of some servers.
extension Comment {
    static let noAnonymousLimits: Comment = "Redis before 6.2.6 has no limits for those who have not logged in"
    static let swallowedErrors: Comment =
        "Redis 8 with threads for input and output does not tell of an error behind other commands"
    static let noTLS: Comment = "this server was built without TLS"
}
