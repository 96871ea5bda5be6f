import Testing

/// Why some tests are left out in front of some servers.
extension Comment {
    static let noAnonymousLimits: Comment = "Redis before 6.2.6 has no limits for those who have not logged in"
    static let noTLS: Comment = "this server was built without TLS"
}
