/// Where a server can be reached, and by which name it was announced.
public struct ServerPlace: Hashable, Sendable {
    /// As it was announced: its certificate is for this host.
    public var announced: BackingAddress
    /// Where it is from here.
    public var address: BackingAddress

    /// A server that was announced at one address, and is reached there or at another.
    public init(announced: BackingAddress, address: BackingAddress) {
        self.announced = announced
        self.address = address
    }
}
