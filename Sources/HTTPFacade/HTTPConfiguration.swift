import NIOCore
import Time

/// What the HTTP facade allows its clients.
public struct HTTPConfiguration: Sendable {
    /// Requests served at once by the whole process; the next is answered 429 (`MAX_CLIENTS`).
    public var maxClients: Int
    /// A connection that takes longer than this to send a request, or to take in any of a response, is closed.
    public var idleTimeout: TimeSpan
    /// Values longer than this, in bytes, are not given as JSON.
    public var jsonLimit: Int
    /// A request target longer than this, in bytes, is answered 414. (One longer than ``headLimit`` is a 431, as the parser gives up.)
    public var targetLimit: Int
    /// A request head longer than this in all, in bytes, is answered 431.
    public var headLimit: Int
    /// More header fields than this are answered 431.
    public var headerCountLimit: Int
    /// A request body, which is read past and means nothing here, is answered 413 when it is longer than this, in bytes.
    public var bodyLimit: Int
    /// The names, beside addresses and `localhost`, by which the proxy may be called while `ProxyLoop/deniesRemoteClients`
    /// (`PROXY_HOST`, `HTTP_ALLOWED_HOSTS`).
    public var allowedHosts: [String]
    /// How long a client may send on after the last response was written, before the connection is cut.
    ///
    /// Closing at once would reset the connection, and a reset can overtake the response (RFC 9112, 9.6).
    public var lingerTimeout: TimeSpan

    /// The values of an installation that sets nothing.
    public init(
        maxClients: Int = 20, idleTimeout: TimeSpan = .seconds(60), jsonLimit: Int = 8 << 20,
        targetLimit: Int = 64 << 10, headLimit: Int = 128 << 10, headerCountLimit: Int = 128,
        bodyLimit: Int = 64 << 10, allowedHosts: [String] = [], lingerTimeout: TimeSpan = .seconds(2)
    ) {
        self.maxClients = maxClients
        self.idleTimeout = idleTimeout
        self.jsonLimit = jsonLimit
        self.targetLimit = targetLimit
        self.headLimit = headLimit
        self.headerCountLimit = headerCountLimit
        self.bodyLimit = bodyLimit
        self.allowedHosts = allowedHosts
        self.lingerTimeout = lingerTimeout
    }
}
