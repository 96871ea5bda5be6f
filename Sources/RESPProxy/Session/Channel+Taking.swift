import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How far the other side has taken what was written to it. To be asked on the channel's event loop.
extension Channel {
    /// Bytes that wait for the socket. A channel that cannot tell is taken to have none.
    package var bufferedBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    /// Bytes that the other side's kernel has taken; 0 where nobody can tell.
    ///
    /// A socket asks for more only once a third of its buffer, which may be of megabytes, is free: who reads slowly takes something long before
    /// ``bufferedBytes`` shows it.
    package var acknowledgedBytes: UInt64 {
        guard let options = self as? any SocketOptionProvider else { return 0 }
        // `tcpi_bytes_acked` stands 120 bytes into the kernel's `tcp_info`, since Linux 4.1; the C library's declaration ends before it.
        let information: EventLoopFuture<SIMD16<UInt64>> = options.unsafeGetSocketOption(
            level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_INFO))
        var bytes: UInt64 = 0
        // It is there already.
        information.assumeIsolated().whenSuccess { bytes = $0[15] }
        return bytes
    }
}
