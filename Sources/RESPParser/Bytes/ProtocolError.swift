/// A violation of the protocol, by a client or by the backing.
public struct ProtocolError: Error, Equatable, Sendable {
    /// Redis' own words where Redis has them, without the leading `-ERR `: `Protocol error: expected '$', got 'X'`.
    public var message: String
    /// Where it was found, counted from the first byte of the command or frame in hand.
    public var offset: Int
    /// The byte that ``message`` quotes at its end as U+FFFD because it is not ASCII; nil for all other messages.
    ///
    /// Redis sends such a byte as it came, which no `String` can: ``RESPEncoder/protocolError(_:into:)`` does.
    public var quotedByte: UInt8?

    /// An error with all its parts.
    public init(message: String, offset: Int, quotedByte: UInt8? = nil) {
        self.message = message
        self.offset = offset
        self.quotedByte = quotedByte
    }
}

extension ProtocolError {
    /// An argument that begins with `found` instead of `$`, in Redis' words.
    static func expectedBulk(found: UInt8, offset: Int) -> ProtocolError {
        let isASCII = found < 0x80
        let shown: Character =
            switch found {
            // Redis keeps its error one line.
            case Byte.carriageReturn, Byte.lineFeed: " "
            case _ where isASCII: Character(Unicode.Scalar(found))
            default: "\u{FFFD}"
            }
        return ProtocolError(
            message: "Protocol error: expected '$', got '\(shown)'", offset: offset,
            quotedByte: isASCII ? nil : found)
    }
}
