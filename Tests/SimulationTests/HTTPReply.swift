import NIOCore
import RESPParser
import TestSupport

/// Reads what an HTTP client is answered, as far as the simulation needs it.
enum HTTPReply {
    /// Takes the next response once all of it is there: the value, null for a key that is absent, an error for all else.
    static func next(_ received: inout ByteBuffer) -> ReplyValue? {
        guard received.readableBytes > 0 else { return nil }
        let text = String(buffer: received)
        guard let head = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).first,
            head.utf8.count < text.utf8.count
        else { return nil }
        let end = head.utf8.count + 4
        guard let bare = try? HTTPResponse(head: Array(text.utf8.prefix(end)), body: []) else { return .error([]) }
        let length = bare["content-length"].flatMap { Int($0) } ?? 0
        guard received.readableBytes >= end + length else { return nil }
        received.moveReaderIndex(forwardBy: end)
        let body = received.readBytes(length: length) ?? []
        return switch bare.status {
        case 200: .blob(body)
        case 204: .null
        default: .error(body)
        }
    }
}
