/// A violation of the protocol, by a client or by the backing.
public struct ProtocolError: Error, Equatable, Sendable {
    /// Redis' own words where Redis has them, without the leading `-ERR `: `Protocol error: expected '$', got 'X'`.
    public var message: String
    /// Where it was found, counted from the first byte of the command or frame in hand.
    public var offset: Int

    public init(message: String, offset: Int) {
        self.message = message
        self.offset = offset
    }
}
