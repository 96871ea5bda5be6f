/// A reply as a tree, for the few that the proxy itself must understand (`COMMAND`, `HELLO`); the relay never builds one.
public indirect enum ReplyValue: Equatable, Sendable {
    case simpleString([UInt8])
    case error([UInt8])
    case integer(Int64)
    case blob([UInt8])
    case null
    case boolean(Bool)
    /// A double or big number, as sent.
    case number([UInt8])
    case array([ReplyValue])
    case set([ReplyValue])
    case push([ReplyValue])
    case map([(key: ReplyValue, value: ReplyValue)])

    /// Decodes one whole frame; attributes are skipped.
    ///
    /// - Throws: ``ProtocolError`` when `frame` is not exactly one whole frame or nests deeper than `depth`.
    public init(decoding frame: RawSpan, depth: Int = 32) throws(ProtocolError) {
        fatalError("stub")
    }

    public static func == (left: ReplyValue, right: ReplyValue) -> Bool { fatalError("stub") }
}
