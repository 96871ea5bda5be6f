import NIOCore
import RESPProxy
import Time

/// Where clients are listened for, and how.
struct ListeningSettings: Sendable {
    var host: String
    /// 0 = any free port.
    var port: Int
    /// The path of a Unix socket; nil = none.
    var socket: String?
    var socketMode: Int
    /// Who must say first for whom it has connected; empty = nobody.
    var proxyProtocolFrom: [AddressBlock]
    var servesHTTP: Bool
    /// nil = HTTP shares ``port``; 0 = any free port.
    var httpPort: Int?
    /// nil = clients speak plaintext only.
    var tls: ListenerTLSSettings?
    var tlsReloadInterval: TimeSpan
}

extension ListeningSettings {
    init(_ options: OptionReader) throws(ConfigurationError) {
        host = try options.value(of: OptionTable.proxyHost)
        port = try options.value(of: OptionTable.proxyPort)
        socket = try options.value(of: OptionTable.proxySocket)
        socketMode = try options.value(of: OptionTable.proxySocketMode)
        proxyProtocolFrom = try options.value(of: OptionTable.proxyProtocolFrom)
        servesHTTP = try options.value(of: OptionTable.httpFacade)
        let httpPort = try options.value(of: OptionTable.httpPort)
        self.httpPort = httpPort == port && httpPort != 0 ? nil : httpPort
        tls = try ListenerTLSSettings(options)
        tlsReloadInterval = try options.value(of: OptionTable.tlsReloadInterval)
    }
}
