/// Why the backing gave no value.
///
/// Over its files it is longer than 300 lines: nearly all of that are conditions with their texts, each where it arises.
public struct BackingError: Error, Hashable, Sendable, CustomStringConvertible {
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

    /// What kind of failure it is.
    public var code: Code
    /// For ``Code/server`` the server's own text without the leading `-` (`WRONGTYPE Operation …`), byte for byte;
    /// for the others a text of ours that starts with `ERR `, or with `MASTERDOWN ` where there is no primary, and names the condition. Never shows a value or a password.
    public var message: [UInt8]

    /// An error with the words that a client reads.
    public init(code: Code, message: [UInt8]) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { String(decoding: message, as: UTF8.self) }
}
