import CHiredis

/// A reply as hiredis parsed it.
public indirect enum Reply: Equatable, Sendable, CustomStringConvertible {
    /// `+OK` and its like.
    case status(String)
    /// An error, without the minus sign.
    case error(String)
    /// An integer.
    case integer(Int64)
    /// A bulk string.
    case bulk([UInt8])
    /// A null.
    case null
    /// An array.
    case array([Reply])
    /// A type that this helper does not know, by hiredis' number for it.
    case other(Int32)

    /// A bulk string of text.
    public static func text(_ text: String) -> Reply { .bulk(Array(text.utf8)) }

    /// The text of a bulk string, a status or an error.
    public var string: String? {
        switch self {
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text), .error(let text): text
        default: nil
        }
    }

    /// The elements of an array.
    public var elements: [Reply] { if case .array(let elements) = self { elements } else { [] } }

    /// Whether it is an error whose text begins so.
    public func isError(_ prefix: String) -> Bool {
        if case .error(let text) = self { text.hasPrefix(prefix) } else { false }
    }

    /// A short form for test reports.
    public var description: String {
        switch self {
        case .status(let text): "+\(text)"
        case .error(let text): "-\(text)"
        case .integer(let number): ":\(number)"
        case .bulk(let bytes): "\"\(printable(bytes.prefix(200)))\"" + (bytes.count > 200 ? " (\(bytes.count))" : "")
        case .null: "nil"
        case .array(let elements): "\(elements)"
        case .other(let type): "type \(type)"
        }
    }

    init(_ reply: redisReply) {
        func bytes() -> [UInt8] {
            guard let start = reply.str else { return [] }
            return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(reply.len)))
        }
        switch reply.type {
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_STRING: self = .bulk(bytes())
        case REDIS_REPLY_NIL: self = .null
        case REDIS_REPLY_ARRAY:
            self = .array(
                (0..<Int(reply.elements)).map { index in
                    guard let element = reply.element?[index] else { return .null }
                    return Reply(element.pointee)
                })
        default: self = .other(reply.type)
        }
    }
}
