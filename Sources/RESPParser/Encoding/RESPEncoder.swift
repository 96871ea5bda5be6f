/// Writes replies and commands; nothing is allocated beyond what the sink needs.
public enum RESPEncoder {
    /// `$<length>\r\n`, the start of a bulk string whose body and CRLF the caller adds.
    @inlinable
    public static func bulkHeader(length: Int, into sink: inout some ByteSink) {
        line(UInt8(ascii: "$"), length, into: &sink)
    }

    /// A whole bulk string.
    @inlinable
    public static func bulk(_ body: RawSpan, into sink: inout some ByteSink) {
        bulkHeader(length: body.byteCount, into: &sink)
        sink.append(body)
        lineEnd(into: &sink)
    }

    /// Nil: `$-1` in RESP2, `_` in RESP3.
    @inlinable
    public static func null(_ version: RESPVersion, into sink: inout some ByteSink) {
        switch version {
        case .resp2: text("$-1\r\n", into: &sink)
        case .resp3: text("_\r\n", into: &sink)
        }
    }

    /// `+<text>\r\n`.
    @inlinable
    public static func simpleString(_ text: StaticString, into sink: inout some ByteSink) {
        sink.append(UInt8(ascii: "+"))
        self.text(text, into: &sink)
        lineEnd(into: &sink)
    }

    /// `-<text>\r\n`; the text starts with its code (`ERR …`), CR and LF in it become spaces, as in Redis.
    @inlinable
    public static func error(_ text: String, into sink: inout some ByteSink) {
        sink.append(UInt8(ascii: "-"))
        errorText(text.utf8, into: &sink)
        lineEnd(into: &sink)
    }

    /// `-ERR <message>\r\n` as Redis words it, with the byte that the message quotes sent as it came.
    public static func protocolError(_ error: ProtocolError, into sink: inout some ByteSink) {
        guard let quotedByte = error.quotedByte else {
            self.error("ERR \(error.message)", into: &sink)
            return
        }
        text("-ERR ", into: &sink)
        // The message ends with the byte's stand-in and the closing quote.
        errorText(error.message.dropLast(2).utf8, into: &sink)
        sink.append(quotedByte)
        text("'\r\n", into: &sink)
    }

    /// `:<value>\r\n`.
    @inlinable
    public static func integer(_ value: Int, into sink: inout some ByteSink) {
        line(UInt8(ascii: ":"), value, into: &sink)
    }

    /// `*<count>\r\n`, the header of an array or a multibulk command.
    @inlinable
    public static func arrayHeader(count: Int, into sink: inout some ByteSink) {
        line(UInt8(ascii: "*"), count, into: &sink)
    }

    /// A whole multibulk command.
    @inlinable
    public static func command(_ arguments: [[UInt8]], into sink: inout some ByteSink) {
        arrayHeader(count: arguments.count, into: &sink)
        for argument in arguments { bulk(argument.span.bytes, into: &sink) }
    }
}

extension RESPEncoder {
    @inlinable
    static func lineEnd(into sink: inout some ByteSink) {
        text("\r\n", into: &sink)
    }

    @inlinable
    static func text(_ text: StaticString, into sink: inout some ByteSink) {
        // A static string lives for good, so that the view cannot outlast it.
        sink.append(RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount))
    }

    @inlinable
    static func errorText(_ text: some Sequence<UInt8>, into sink: inout some ByteSink) {
        for byte in text {
            let endsLine = byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
            sink.append(endsLine ? UInt8(ascii: " ") : byte)
        }
    }

    /// `<type><value>\r\n`, put together on the stack, so that the sink is asked once.
    @inlinable
    static func line(_ type: UInt8, _ value: Int, into sink: inout some ByteSink) {
        // Type, minus, 19 digits, CR and LF.
        var bytes = InlineArray<24, UInt8>(repeating: 0)
        bytes[23] = UInt8(ascii: "\n")
        bytes[22] = UInt8(ascii: "\r")
        var start = bytes.writeDecimal(UInt64(value.magnitude), before: 22)
        if value < 0 {
            start -= 1
            bytes[start] = UInt8(ascii: "-")
        }
        start -= 1
        bytes[start] = type
        sink.append(bytes.span.bytes.extracting(start..<24))
    }
}
