import NIOCore
import Time
import TransportSecurity

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension BackingConnector {
    /// Shakes hands on a connection that stands. What is left of the connect time-out bounds it. Fails with ``BackingError`` only.
    ///
    /// - Parameter started: when the attempt began.
    func secure(_ channel: any Channel, _ tls: BackingTLS, started: Instant) -> EventLoopFuture<any Channel> {
        let limit = self.remaining(since: started)
        return self.handshake(tls).perform(on: channel, within: limit).map { channel }.flatMapError { error in
            let failure = TLSFailure(error) ?? .other
            guard failure == .notVerified else { return channel.eventLoop.makeFailedFuture(failure) }
            return self.diagnose(tls, on: channel.eventLoop, started: started)
        }.flatMapErrorThrowing { error in
            throw BackingError.failedHandshake(self.configuration, tls, TLSFailure(error) ?? .other)
        }
    }

    /// Why a connection ends on which the handshake was done, where TLS says so, as of a certificate of ours that the server does not accept.
    package func refusal(_ error: any Error) -> BackingError? {
        guard let tls = self.configuration.tls, let failure = TLSFailure(error) else { return nil }
        return .failedHandshake(self.configuration, tls, failure)
    }

    /// What is wrong with the server's certificate: seen on a connection of its own. Always fails, with a ``TLSFailure``.
    private func diagnose(
        _ tls: BackingTLS, on eventLoop: any EventLoop, started: Instant
    ) -> EventLoopFuture<any Channel> {
        self.connectPlainly(on: eventLoop) { $0.setOption(.autoRead, value: false) }.flatMap { channel in
            self.handshake(tls).diagnose(on: channel, now: time(nil), within: self.remaining(since: started))
        }.flatMapErrorThrowing { _ in .notVerified }.flatMapThrowing { throw $0 }
    }

    private func handshake(_ tls: BackingTLS) -> ClientHandshake {
        ClientHandshake(context: tls.source.context, serverName: tls.serverName ?? self.configuration.address.host)
    }

    private func remaining(since started: Instant) -> TimeAmount {
        let passed = MonotonicClock.now() - started
        return TimeAmount(max(.nanoseconds(1), self.configuration.connectTimeout - passed))
    }
}

extension BackingAddress {
    /// nil for a Unix socket.
    var host: String? {
        if case .tcp(let host, _) = self { host } else { nil }
    }
}

extension BackingError {
    /// The server could be reached, but not in private, which is counted.
    static func failedHandshake(
        _ configuration: BackingConfiguration, _ tls: BackingTLS, _ failure: TLSFailure
    ) -> BackingError {
        tls.failures.happened(failure)
        return .notReachable(
            configuration.address, reason: tls.reason(for: failure, host: configuration.address.host ?? "localhost"))
    }

    /// The connection ended by an error of the pipeline: under TLS it may say why, as the server's refusal of our certificate does, which
    /// comes behind the handshake in TLS 1.3.
    static func ended(_ configuration: BackingConfiguration, by error: any Error) -> BackingError {
        guard let tls = configuration.tls, let failure = TLSFailure(error) else {
            return .closedConnection(configuration.address)
        }
        return .failedHandshake(configuration, tls, failure)
    }
}
