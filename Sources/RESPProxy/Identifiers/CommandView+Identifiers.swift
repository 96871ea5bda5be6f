import NIOCore
import RESPParser

/// Commands that name clients by their ids.
extension CommandView {
    /// Whether it may: what its arguments are is looked at by ``namedIdentifiers``.
    var mayNameClients: Bool {
        guard name == "client", isComplete else { return false }
        return switch word(1) {
        case "kill", "list", "tracking", "unblock": true
        default: false
        }
    }

    /// The ids among its arguments that only we can have given, by where they stand.
    ///
    /// `CLIENT UNBLOCK id`; elsewhere what follows `ID`, `NOT-ID` or `REDIRECT`, of which the first two may have several.
    var namedIdentifiers: [Int: Int] {
        guard mayNameClients else { return [:] }
        var named: [Int: Int] = [:]
        var followsKeyword = word(1) == "unblock"
        for index in 2..<max(2, count) {
            if followsKeyword, let identifier = integer(index) {
                if ClientIdentifiers.range.contains(identifier) { named[index] = identifier }
                continue
            }
            followsKeyword = word(index) == "id" || word(index) == "not-id" || word(index) == "redirect"
        }
        return named
    }

    /// The id that `CLIENT TRACKING` redirects to.
    var redirection: Int? {
        guard word(1) == "tracking", let place = (2..<count).first(where: { word($0) == "redirect" }) else {
            return nil
        }
        return integer(place + 1)
    }

    /// The command as it goes to the server, with other ids in the place of those that it names.
    func encoded(replacing identifiers: [Int: Int]) -> ByteBuffer {
        let named = namedIdentifiers
        var encoded = ByteBuffer()
        RESPEncoder.command(
            (0..<count).map { index in
                guard let other = named[index].flatMap({ identifiers[$0] }) else { return copy(index) }
                return Array(String(other).utf8)
            }, into: &encoded)
        return encoded
    }
}
