import NIOCore
import RESPParser

/// Reads what an HTTP client is answered, as far as the simulation needs it.
enum HTTPReply {
    /// Takes the next response once all of it is there: the value, null for a key that is absent, an error for all else.
    static func next(_ received: inout ByteBuffer) -> ReplyValue? {
        guard received.readableBytes > 0 else { return nil }
        let text = String(buffer: received)
        guard let head = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).first,
            head.utf8.count < text.utf8.count
        else { return nil }
        let lines = head.split(separator: "\r\n")
        let lengths = lines.compactMap { line -> Int? in
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2, field[0].lowercased() == "content-length" else { return nil }
            return Int(field[1].drop { $0 == " " })
        }
        let length = lengths.first ?? 0
        let headLength = head.utf8.count + 4
        guard received.readableBytes >= headLength + length else { return nil }
        received.moveReaderIndex(forwardBy: headLength)
        let body = received.readBytes(length: length) ?? []
        return switch lines.first?.split(separator: " ").dropFirst().first {
        case "200": .blob(body)
        case "204": .null
        default: .error(body)
        }
    }
}
