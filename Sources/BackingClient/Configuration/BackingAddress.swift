/// The address of the backing; its description is what log lines and errors show.
public enum BackingAddress: Hashable, Sendable, CustomStringConvertible {
    /// The name is looked up anew at each connect.
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// `host:port`, or the path.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}
