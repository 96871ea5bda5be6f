import BackingClient
import NIOCore
import Time

/// Which Sentinels there are, which primary they are asked for, and who we are to them.
public struct SentinelConfiguration: Sendable {
    /// Those that are known at start; others are known from them.
    public var sentinels: [BackingAddress]
    /// The name by which they know the primary.
    public var name: String
    /// How they are connected to; its address does not count.
    public var connection: BackingConfiguration
    /// Where servers, and Sentinels, are that cannot be reached at the address that is announced.
    public var addresses: [BackingAddress: BackingAddress]
    /// How often Sentinels and the primary are asked.
    public var heartbeat: TimeSpan
    /// For an answer.
    public var timeout: TimeSpan

    /// - Parameters:
    ///   - sentinels: at least one.
    ///   - name: of the primary.
    ///   - connection: how Sentinels are connected to.
    ///   - addresses: by the addresses that are announced.
    public init(
        sentinels: [BackingAddress], name: String, connection: BackingConfiguration,
        addresses: [BackingAddress: BackingAddress] = [:], heartbeat: TimeSpan = .seconds(1),
        timeout: TimeSpan = .seconds(1)
    ) {
        self.sentinels = sentinels
        self.name = name
        self.connection = connection
        self.addresses = addresses
        self.heartbeat = heartbeat
        self.timeout = timeout
    }

    func place(of announced: BackingAddress) -> ServerPlace {
        ServerPlace(announced: announced, address: addresses[announced] ?? announced)
    }
}
