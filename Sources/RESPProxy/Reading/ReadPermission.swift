import BackingClient
import NIOCore

/// Whether somebody may be given what the cache holds.
public enum ReadPermission: Sendable {
    case granted
    /// Credentials are needed, or these are wrong; the server's error text without its `-`.
    case unauthenticated([UInt8])
    /// Logged in, but as another user than the one whose values the cache holds.
    case forbidden
    /// The server could not be asked.
    case failure(BackingError)
}

/// Asks the server who those are that come with credentials and without a session.
struct ReadPermissions {
    private let connector: BackingConnector
    private let access: CacheAccess
    private let eventLoop: any EventLoop

    init(_ connector: BackingConnector, access: CacheAccess, on eventLoop: any EventLoop) {
        self.connector = connector
        self.access = access
        self.eventLoop = eventLoop
    }

    /// - Parameters:
    ///   - credentials: nil: none. Whoever has some is judged by them, also where none are needed.
    ///   - areRequired: Whether the values are not for everybody.
    func mayRead(_ credentials: BackingCredentials?, areRequired: Bool) -> EventLoopFuture<ReadPermission> {
        guard let credentials else {
            return eventLoop.makeSucceededFuture(
                areRequired ? .unauthenticated(Array("NOAUTH Authentication required.".utf8)) : .granted)
        }
        let isFillUser = access.includes(.named(credentials.username ?? Array("default".utf8)))
        return connector.checkAccess(credentials, on: eventLoop).map { access in
            switch access {
            case .granted: isFillUser ? .granted : .forbidden
            case .refused(let text): .unauthenticated(text)
            }
        }.flatMapErrorThrowing { error in
            .failure(error as? BackingError ?? BackingError(code: .unavailable, message: Array("ERR \(error)".utf8)))
        }
    }
}
