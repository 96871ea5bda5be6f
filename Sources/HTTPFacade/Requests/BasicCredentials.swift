import BackingClient

/// What an `Authorization` header field holds (RFC 7617).
enum BasicCredentials: Equatable {
    case credentials(BackingCredentials)
    /// Another scheme, or none: nobody is named.
    case none
    /// Says `Basic` but cannot be read.
    case malformed

    init(_ authorization: String?) {
        guard let authorization else {
            self = .none
            return
        }
        let text = trimmed(authorization[...])
        guard text.prefix(5).lowercased() == "basic", text.dropFirst(5).first == " " else {
            self = .none
            return
        }
        guard let bytes = Base64.decode(trimmed(text.dropFirst(6)).utf8),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            // Redis knows names and passwords as bytes; what is not UTF-8 must not be bent into another password.
            let username = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else {
            self = .malformed
            return
        }
        self = .credentials(BackingCredentials(username: username.isEmpty ? nil : username, password: password))
    }
}
