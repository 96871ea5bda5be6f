import NIOCore
import NIOSSL

/// Makes a connection that we have opened private.
public struct ClientHandshake: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// - Parameters:
    ///   - serverName: what the certificate must be for, and what the server is told (SNI); nil or an IP address: the certificate must be
    ///     for the address that was connected to, and the server is told nothing.
    public init(context: NIOSSLContext, serverName: String?) {
        self.context = context
        self.serverName = serverName.flatMap { Self.isAddress($0) ? nil : $0 }
    }

    /// Whether a text is an IP address: those are no names by which a server could choose its certificate (RFC 6066, 3).
    static func isAddress(_ text: String) -> Bool {
        (try? SocketAddress(ipAddress: text, port: 0)) != nil
    }

    /// Done once the handshake is and the certificate was checked; the channel must not read by itself. Fails with ``TLSFailure``, and the
    /// channel is closed then.
    public func perform(on channel: any Channel, within limit: TimeAmount) -> EventLoopFuture<Void> {
        self.perform(on: channel, within: limit) { try NIOSSLClientHandler(context: $0, serverHostname: $1) }
    }

    /// Shakes hands for nothing but to see why the server's certificate is refused.
    ///
    /// - Returns: what is wrong with it: the dates tell what BoringSSL does not.
    public func diagnose(on channel: any Channel, now: Int, within limit: TimeAmount) -> EventLoopFuture<TLSFailure> {
        let seen = channel.eventLoop.makePromise(of: TLSFailure.self)
        let handshake = self.perform(on: channel, within: limit) { context, name in
            let look: NIOSSLCustomVerificationCallback = { certificates, verdict in
                seen.succeed(Self.fault(of: certificates, now: now))
                verdict.succeed(.failed)
            }
            return try NIOSSLClientHandler(context: context, serverHostname: name, customVerificationCallback: look)
        }
        handshake.whenComplete { _ in
            seen.succeed(.notVerified)
            channel.close(promise: nil)
        }
        return seen.futureResult
    }

    /// - Parameter certificates: as the server shows them, its own first.
    static func fault(of certificates: [NIOSSLCertificate], now: Int) -> TLSFailure {
        for certificate in certificates {
            if Int(certificate.notValidAfter) < now { return .expired }
            if Int(certificate.notValidBefore) > now { return .notYetValid }
        }
        return .unknownAuthority
    }

    private func perform(
        on channel: any Channel, within limit: TimeAmount,
        _ make: @escaping @Sendable (NIOSSLContext, String?) throws -> NIOSSLClientHandler
    ) -> EventLoopFuture<Void> {
        let eventLoop = channel.eventLoop
        return eventLoop.flatSubmit { [context, serverName] in
            let promise = eventLoop.makePromise(of: Void.self)
            let handler = HandshakeHandler(promise)
            let deadline = eventLoop.assumeIsolated().scheduleTask(in: limit) { handler.timedOut() }
            do {
                // The one that tells comes first: what the other begins, it must hear.
                let pipeline = channel.pipeline.syncOperations
                let tls = try make(context, serverName)
                handler.check = { [context] in
                    guard context.configuration.certificateVerification == .fullVerification, let serverName else {
                        return true
                    }
                    return tls.peerCertificate.map { ServerIdentity.isFor(serverName, $0) } ?? false
                }
                try pipeline.addHandler(OutboundPacer(), position: .last)
                try pipeline.addHandler(handler)
                try pipeline.addHandler(tls, position: .first)
                // From here on the TLS handler reads for as long as nothing comes out of it.
                channel.read()
            } catch {
                promise.fail(TLSFailure(error) ?? .closed)
            }
            return promise.futureResult.assumeIsolated().always { result in
                deadline.cancel()
                if case .failure = result { channel.close(promise: nil) }
            }.nonisolated()
        }
    }
}
