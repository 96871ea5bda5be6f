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
        guard isToken(text.prefix(5), "basic"), text.dropFirst(5).first == " " else {
            self = .none
            return
        }
        // Redis knows names and passwords as bytes, and so do we: not all of them are UTF-8.
        guard let bytes = Base64.decode(trimmed(text.dropFirst(6)).utf8),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else {
            self = .malformed
            return
        }
        let username = Array(bytes[..<colon])
        let password = Array(bytes[(colon + 1)...])
        self = .credentials(BackingCredentials(username: username.isEmpty ? nil : username, password: password))
    }
}
