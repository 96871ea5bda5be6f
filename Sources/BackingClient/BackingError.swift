/// Why the backing gave no value.
public struct BackingError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Sendable, Hashable {
        /// Not connected: refused, gone, the name does not resolve.
        case unavailable
        /// No reply within the command time-out.
        case timedOut
        /// What came is not RESP, or not a reply to what was asked.
        case protocolViolation
        /// The server answered with an error of its own.
        case server
    }

    public var code: Code
    /// For ``Code/server`` the server's own text without the leading `-` (`WRONGTYPE Operation …`), byte for byte;
    /// for the others a text of ours that starts with `ERR ` and names the condition. Never shows a value or a password.
    public var message: [UInt8]

    public init(code: Code, message: [UInt8]) {
        self.code = code
        self.message = message
    }

    public var description: String { String(decoding: message, as: UTF8.self) }
}
