/// A reply as a tree, for the few that the proxy itself must understand (`COMMAND`, `HELLO`); the relay never builds one.
public indirect enum ReplyValue: Sendable {
    case simpleString([UInt8])
    /// A simple error or a blob error.
    case error([UInt8])
    case integer(Int64)
    /// A bulk string; a verbatim string without its format.
    case blob([UInt8])
    case null
    case boolean(Bool)
    /// A double or big number, as sent.
    case number([UInt8])
    case array([ReplyValue])
    case set([ReplyValue])
    case push([ReplyValue])
    case map([(key: ReplyValue, value: ReplyValue)])
}

extension ReplyValue {
    /// The text of a string or an error, nil for all else.
    public var bytes: [UInt8]? {
        switch self {
        case .simpleString(let bytes), .error(let bytes), .blob(let bytes): bytes
        default: nil
        }
    }

    /// The value of an integer, nil for all else.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The elements of an array, a set or a push, nil for all else.
    public var elements: [ReplyValue]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements): elements
        default: nil
        }
    }

    /// The pairs of a map, also of one that RESP2 sends as a flat array of even length; nil for all else.
    public var pairs: [(key: ReplyValue, value: ReplyValue)]? {
        switch self {
        case .map(let pairs):
            return pairs
        case .array(let elements) where elements.count.isMultiple(of: 2):
            return stride(from: 0, to: elements.count, by: 2).map { (elements[$0], elements[$0 + 1]) }
        default:
            return nil
        }
    }

    /// True for an error.
    public var isError: Bool {
        if case .error = self { true } else { false }
    }
}

extension ReplyValue: Equatable {
    /// Equal types with equal contents; maps also in the same order.
    public static func == (left: ReplyValue, right: ReplyValue) -> Bool {
        switch (left, right) {
        case (.simpleString(let left), .simpleString(let right)): left == right
        case (.error(let left), .error(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.blob(let left), .blob(let right)): left == right
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.set(let left), .set(let right)): left == right
        case (.push(let left), .push(let right)): left == right
        case (.map(let left), .map(let right)): left.elementsEqual(right, by: ==)
        default: false
        }
    }
}
