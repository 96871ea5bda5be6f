import NIOCore
import Time

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How the sockets of TCP connections are set, those of clients and those to the backing alike.
public struct TCPOptions: Sendable, Equatable {
    /// Probes that stay unanswered until the kernel gives a peer up.
    static let probes = 3

    /// After how long without a byte from the peer the kernel begins to ask whether it is there; nil = never.
    public var keepAlive: TimeSpan?
    /// Whether a peer is given up, too, that does not acknowledge what it was sent. The kernel counts a peer among those that takes nothing
    /// more for want of room, and so this is not for clients: they may read as slowly as they like.
    public var limitsUnacknowledged: Bool

    /// - Parameter keepAlive: rounded up to whole seconds, which is what the kernel takes.
    public init(keepAlive: TimeSpan? = .seconds(300), limitsUnacknowledged: Bool = false) {
        self.keepAlive = keepAlive
        self.limitsUnacknowledged = limitsUnacknowledged
    }

    /// Sets what is to be set, in so far as the system lets us. To be called on the channel's event loop.
    ///
    /// A connection works without any of it, only less well, so a refusal ends none.
    ///
    /// - Returns: the first refusal.
    public func apply(to channel: any Channel) -> (any Error)? {
        guard let options = channel.syncOptions else { return nil }
        var refusal: (any Error)?
        for (option, value) in self.values {
            do {
                try options.setOption(option, value: value)
            } catch {
                refusal = refusal ?? error
            }
        }
        return refusal
    }

    /// Without a delay for more to come; keep-alive as Redis has it: the first probe after the time given, two more at a third of it each.
    private var values: [(ChannelOptions.Types.SocketOption, Int)] {
        var values: [(ChannelOptions.Types.SocketOption, Int)] = [(.tcpOption(.tcp_nodelay), 1)]
        guard let keepAlive else { return values }
        let (whole, fraction) = keepAlive.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        // More than the kernel takes, it refuses.
        let idle = Int(min(max(whole + (fraction > 0 ? 1 : 0), 1), Int64(Int16.max)))
        let interval = max(idle / 3, 1)
        values += [
            (.socketOption(.so_keepalive), 1),
            (.tcpOption(.keepIdle), idle),
            (.tcpOption(.keepInterval), interval),
            (.tcpOption(.keepCount), Self.probes),
        ]
        if self.limitsUnacknowledged {
            // As long as the probes take, in milliseconds.
            values.append((.tcpOption(.userTimeout), (idle + interval * Self.probes) * 1000))
        }
        return values
    }
}

extension NIOBSDSocket.Option {
    fileprivate static let keepIdle = Self(rawValue: TCP_KEEPIDLE)
    fileprivate static let keepInterval = Self(rawValue: TCP_KEEPINTVL)
    fileprivate static let keepCount = Self(rawValue: TCP_KEEPCNT)
    fileprivate static let userTimeout = Self(rawValue: TCP_USER_TIMEOUT)
}
