/// One of the servers behind the proxy.
public struct ServerID: Hashable, Sendable {
    /// Its place among those that there are.
    public let number: UInt32

    /// The server of that number.
    @inlinable
    public init(number: UInt32) { self.number = number }

    /// The only one, where there is one.
    @inlinable
    public static var first: ServerID { ServerID(number: 0) }
}

extension ServerID: CustomStringConvertible {
    /// For log lines and failed tests.
    public var description: String { "server \(number)" }
}
