import Glibc
import NIOCore

/// Why the proxy cannot start; the description is the one line that says so.
struct StartupError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What keeps a listener from standing.
    ///
    /// - Parameters:
    ///   - hostOption: The option that gave `host`, to be named.
    ///   - portOption: The option that gave `port`, to be named.
    ///   - error: As the bind failed with it.
    static func cannotListen(
        host: String, port: Int, hostOption: some OptionDescription, portOption: some OptionDescription,
        error: any Error
    ) -> StartupError {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return StartupError(
            "cannot listen on \(address): "
                + reason(
                    host: host, port: port, hostName: hostOption.environment, portName: portOption.environment,
                    error: error))
    }

    private static func reason(host: String, port: Int, hostName: String, portName: String, error: any Error) -> String
    {
        if error is SocketAddressError.UnknownHost {
            return "\(hostName) \(QuotedValue(host)) does not resolve to an address"
        }
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case EADDRINUSE:
            return "\(portName) \(port) is in use by another program"
        case EACCES, EPERM:
            let note = (1..<1024).contains(port) ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE" : ""
            return "no permission for \(portName) \(port)\(note)"
        case EADDRNOTAVAIL:
            return "\(hostName) \(QuotedValue(host)) is no address of this machine"
        case EAFNOSUPPORT:
            return "this machine does not speak the protocol of \(hostName) \(QuotedValue(host))"
        default:
            return SystemError.text(error.errnoCode)
        }
    }
}
