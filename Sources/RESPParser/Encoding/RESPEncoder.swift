/// Where encoded bytes go: an array here, a `ByteBuffer` in the targets that know SwiftNIO.
public protocol ByteSink {
    mutating func append(_ byte: UInt8)
    mutating func append(_ bytes: RawSpan)
}

extension [UInt8]: ByteSink {
    public mutating func append(_ bytes: RawSpan) { fatalError("stub") }
}

/// The protocol versions of Redis.
public enum RESPVersion: Int, Sendable {
    case resp2 = 2
    case resp3 = 3
}

/// Writes replies and commands; nothing is allocated beyond what the sink needs.
public enum RESPEncoder {
    /// `$<length>\r\n`, the start of a bulk string whose body and CRLF the caller adds.
    @inlinable public static func bulkHeader(length: Int, into sink: inout some ByteSink) { fatalError("stub") }
    /// A whole bulk string.
    @inlinable public static func bulk(_ body: RawSpan, into sink: inout some ByteSink) { fatalError("stub") }
    /// Nil: `$-1` in RESP2, `_` in RESP3.
    @inlinable public static func null(_ version: RESPVersion, into sink: inout some ByteSink) { fatalError("stub") }
    /// `+<text>\r\n`.
    @inlinable public static func simpleString(_ text: StaticString, into sink: inout some ByteSink) { fatalError("stub") }
    /// `-<text>\r\n`; the text starts with its code (`ERR …`), CR and LF in it become spaces, as in Redis.
    @inlinable public static func error(_ text: String, into sink: inout some ByteSink) { fatalError("stub") }
    /// `:<value>\r\n`.
    @inlinable public static func integer(_ value: Int, into sink: inout some ByteSink) { fatalError("stub") }
    /// `*<count>\r\n`, the header of an array or a multibulk command.
    @inlinable public static func arrayHeader(count: Int, into sink: inout some ByteSink) { fatalError("stub") }
    /// A whole multibulk command.
    public static func command(_ arguments: [[UInt8]], into sink: inout some ByteSink) { fatalError("stub") }
}
