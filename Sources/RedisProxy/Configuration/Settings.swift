import BackingClient
import Logging
import NIOCore

/// The whole configuration, checked.
struct Settings: Sendable {
    var proxyHost: String
    /// 0 = any free port.
    var proxyPort: Int
    var servesHTTP: Bool
    /// nil = HTTP shares ``proxyPort``; 0 = any free port.
    var httpPort: Int?

    var backingAddress: BackingAddress
    /// nil = the default user.
    var username: String?
    var password: Secret?
    var database: Int
    var connectTimeout: TimeAmount
    var commandTimeout: TimeAmount

    /// nil = entries do not die by age.
    var cacheExpiry: TimeAmount?
    /// Keys; 0 = no caching.
    var cacheCapacity: Int
    /// Bytes.
    var cacheMemoryLimit: Int
    /// Bytes.
    var cacheMaxValueSize: Int
    var coherence: Coherence

    /// HTTP requests served at once.
    var maxClients: Int
    var maxConnections: Int
    var protectedMode: Bool
    var clientAuthentication: ClientAuthentication
    /// nil = never closed for being idle.
    var respIdleTimeout: TimeAmount?
    /// nil = never closed for being idle.
    var httpIdleTimeout: TimeAmount?

    var adminHost: String
    /// nil = no admin server; 0 = any free port.
    var adminPort: Int?
    var shutdownTimeout: TimeAmount
    var threads: Int
    var logLevel: Logger.Level
}

/// How the cache learns of changes.
enum Coherence: String, Sendable, CaseIterable {
    /// Not at all: an entry lives until it expires.
    case expiry
}

/// Who may be answered from the cache where the backing needs a password.
enum ClientAuthentication: String, Sendable, CaseIterable {
    /// Whom the server lets in as the user whose values the cache holds.
    case server
    /// Everybody: the operator says so.
    case trust
}
