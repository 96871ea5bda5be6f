import NIOCore
import NIOPosix
import Time

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What SwiftNIO's many errors of a failed connect mean, in a few words.
enum ConnectFailure {
    static func reason(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            // A name may stand for several addresses. The last of them speaks for all.
            if let last = error.connectionErrors.last { return self.reason(for: last.error) }
            return self.reason(for: error.dnsAError ?? error.dnsAAAAError ?? error)
        case let error as IOError:
            return self.reason(forErrorNumber: error.errnoCode)
        case ChannelError.connectTimeout(let limit):
            return "no connection within \(TimeSpan(limit).asSeconds)"
        case is SocketAddressError.UnknownHost, SocketAddressError.unknown:
            return "the name does not resolve"
        case SocketAddressError.unixDomainSocketPathTooLong:
            return "the path is too long for a Unix socket"
        default:
            return "the connection failed"
        }
    }

    private static func reason(forErrorNumber number: CInt) -> String {
        switch number {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET, EPIPE: "connection reset"
        case ENOENT: "no such file"
        case EACCES, EPERM: "permission denied"
        case EHOSTUNREACH: "no route to host"
        case ENETUNREACH: "the network is unreachable"
        case ETIMEDOUT: "timed out"
        case EMFILE, ENFILE: "out of file descriptors"
        case EADDRNOTAVAIL: "no local address or port is free"
        default: "system error \(number)"
        }
    }
}
