/// The address of the backing; its description is what log lines and errors show.
public enum BackingAddress: Hashable, Sendable, CustomStringConvertible {
    /// The name is looked up anew at each connect.
    case tcp(host: String, port: Int)
    case unix(path: String)
    /// The primary that Sentinels know by that name, wherever it is: ``ServerLocation`` says where.
    case primary(name: String)

    /// `host:port`, the path, or the name.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        case .primary(let name): "\(name) (by Sentinel)"
        }
    }
}
