import Logging
import NIOCore
import Time

/// What concerns operators, and the process itself.
struct ProcessSettings: Sendable {
    var adminHost: String
    /// nil = no admin server; 0 = any free port.
    var adminPort: Int?
    /// nil = the admin port speaks plaintext.
    var adminTLS: ListenerTLSSettings?
    var shutdownTimeout: TimeSpan
    var threads: Int
    var logLevel: Logger.Level
}

extension ProcessSettings {
    /// - Parameter clients: How connections of clients are encrypted.
    init(_ options: OptionReader, clients: ListenerTLSSettings?) throws(ConfigurationError) {
        adminHost = try options.value(of: OptionTable.adminHost)
        adminPort = try options.value(of: OptionTable.adminPort)
        adminTLS = try ListenerTLSSettings(ofAdminPort: options, clients: clients)
        shutdownTimeout = try options.value(of: OptionTable.shutdownTimeout)
        threads = try options.value(of: OptionTable.threads)
        logLevel = try options.value(of: OptionTable.logLevel)
    }
}
