import NIOCore
import RESPParser

/// A reply, or a push, in which the server names connections by its own ids.
enum IdentifierReply: Equatable, Sendable {
    case none
    /// `CLIENT ID`.
    case own
    /// `HELLO`: one of its fields.
    case hello
    /// `CLIENT INFO`: the line of the connection that it came on.
    case info
    /// `CLIENT LIST`: a line for each connection.
    case list
    /// `CLIENT GETREDIR`.
    case redirection
    /// `CLIENT TRACKINGINFO`: one of its fields.
    case trackingInfo
    /// A push that the connection redirected to is gone, or any other.
    case push

    /// Longer ones are passed on as the server gave them. A line of `CLIENT LIST` takes some 350 bytes.
    static let limit = 8 << 20

    init(to command: CommandView) {
        switch command.name {
        case "hello": self = .hello
        case "client":
            switch command.word(1) {
            case "id": self = .own
            case "info": self = .info
            case "list": self = .list
            case "getredir": self = .redirection
            case "trackinginfo": self = .trackingInfo
            default: self = .none
            }
        default: self = .none
        }
    }

    /// Whether the client learns from it which one it is itself.
    var tellsOwn: Bool { self == .own || self == .hello || self == .info }

    /// The same reply with other ids.
    ///
    /// - Parameters:
    ///   - frame: The whole reply; one of another form, an error say, is returned as it is.
    ///   - other: What is said in the place of an id.
    func replacing(in frame: ByteBuffer, _ other: (Int) -> Int) -> ByteBuffer {
        switch self {
        case .none: frame
        case .own, .redirection: frame.replacingInteger(behind: [], other)
        case .hello: frame.replacingInteger(behind: Array("\r\n$2\r\nid\r\n".utf8), other)
        case .trackingInfo: frame.replacingInteger(behind: Array("\r\n$8\r\nredirect\r\n".utf8), other)
        case .push: frame.replacingInteger(behind: Array(">2\r\n$21\r\ntracking-redir-broken\r\n".utf8), other)
        case .info, .list: frame.replacingInLines(other)
        }
    }
}

extension ByteBuffer {
    /// Replaces the integer reply that stands behind the first of these bytes.
    fileprivate func replacingInteger(behind bytes: [UInt8], _ other: (Int) -> Int) -> ByteBuffer {
        let view = readableBytesView
        guard let start = bytes.isEmpty ? view.startIndex : view.firstRange(of: bytes)?.upperBound,
            start < view.endIndex, view[start] == UInt8(ascii: ":"),
            let end = view[start...].firstIndex(of: UInt8(ascii: "\r")), let number = Int(view[(start + 1)..<end])
        else { return self }
        var replaced = ByteBuffer()
        replaced.writeBytes(view[...start])
        replaced.writeString(String(other(number)))
        replaced.writeBytes(view[end...])
        return replaced
    }

    /// Replaces the fields `id` and `redir` of each line of a bulk or verbatim string: `id=7 addr=… redir=-1 …`.
    fileprivate func replacingInLines(_ other: (Int) -> Int) -> ByteBuffer {
        let view = readableBytesView
        guard let type = view.first, type == UInt8(ascii: "$") || type == UInt8(ascii: "="),
            let header = view.firstIndex(of: UInt8(ascii: "\n")),
            view[(header + 1)...].suffix(2).elementsEqual([0x0D, 0x0A])
        else { return self }
        var text = view[(header + 1)...].dropLast(2)
        var body = ByteBuffer()
        if type == UInt8(ascii: "=") {
            body.writeBytes(text.prefix(4))
            text = text.dropFirst(4)
        }
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if index > 0 { body.writeInteger(UInt8(ascii: "\n")) }
            body.writeLine(line, other)
        }
        var replaced = ByteBuffer()
        replaced.writeInteger(type)
        replaced.writeString(String(body.readableBytes))
        replaced.writeInteger(UInt16(0x0D0A))
        replaced.writeBuffer(&body)
        replaced.writeInteger(UInt16(0x0D0A))
        return replaced
    }

    private mutating func writeLine(_ line: ByteBufferView.SubSequence, _ other: (Int) -> Int) {
        for (index, field) in line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).enumerated() {
            if index > 0 { writeInteger(UInt8(ascii: " ")) }
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")),
                field[..<equals].elementsEqual("id".utf8) || field[..<equals].elementsEqual("redir".utf8),
                let number = Int(field[(equals + 1)...])
            else {
                writeBytes(field)
                continue
            }
            writeBytes(field[...equals])
            writeString(String(other(number)))
        }
    }
}

extension Int {
    /// As the server writes one.
    fileprivate init?(_ digits: ByteBufferView.SubSequence) {
        self.init(String(decoding: digits, as: UTF8.self))
    }
}
