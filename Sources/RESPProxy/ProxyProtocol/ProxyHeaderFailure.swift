/// Why a connection is closed that must begin with a header of the PROXY protocol.
public enum ProxyHeaderFailure: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// It begins with something else.
    case missing
    /// It begins with a header of version 1.
    case version1
    /// What stands in the header is not what the specification allows.
    case malformed
    /// It is longer than what is taken.
    case tooLong
    /// Its checksum is not that of its bytes.
    case checksum
    /// It was not whole in time.
    case timedOut
    /// The connection ended within it.
    case closed

    /// What is wrong, to stand in the log.
    public var description: String {
        switch self {
        case .missing: "the header is missing"
        case .version1: "the header is of version 1, and only version 2 is taken"
        case .malformed: "the header is not what the specification allows"
        case .tooLong: "the header is longer than \(ProxyHeader.lengthLimit) bytes"
        case .checksum: "the header's checksum is wrong"
        case .timedOut: "the header did not come in time"
        case .closed: "the connection ended within the header"
        }
    }
}
