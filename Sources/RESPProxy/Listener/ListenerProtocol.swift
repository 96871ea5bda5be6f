/// Which protocols a port takes.
public enum ListenerProtocol: Sendable {
    /// RESP and HTTP, told apart by the first bytes.
    case both
    case resp
    case http
}
