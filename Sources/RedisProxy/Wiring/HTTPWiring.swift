import HTTPFacade
import Logging
import NIOCore
import RESPProxy
import Time
import TransportSecurity

/// Puts the HTTP facade beside the RESP sessions of each event loop.
struct HTTPWiring {
    let settings: Settings
    let logger: Logger

    /// As good as never: ten years.
    private static let never = TimeSpan.seconds(3650 * 24 * 3600)

    /// What the facade is told at start, and may be told anew.
    var configuration: HTTPConfiguration {
        var configuration = HTTPConfiguration()
        configuration.allowedHosts = [settings.listening.host] + settings.clients.httpAllowedHosts
        configuration.idleTimeout = settings.clients.httpIdleTimeout ?? Self.never
        return configuration
    }

    /// What makes the HTTP side of an event loop; nil where `HTTP_FACADE` is off.
    ///
    /// - Parameter limiter: That of the whole process.
    func maker(_ limiter: HTTPLimiter) -> (@Sendable (ProxyLoop) -> any HTTPSide)? {
        guard settings.listening.servesHTTP else { return nil }
        return { [logger, configuration] loop in
            HTTPConnections(
                facade: HTTPFacade(
                    proxyLoop: loop, configuration: configuration, limiter: limiter, logger: logger,
                    observer: HTTPRequestCounter(metrics: loop.metrics)))
        }
    }
}

/// The facade as the listener sees it.
final class HTTPConnections: HTTPSide {
    private let facade: HTTPFacade

    init(facade: HTTPFacade) {
        self.facade = facade
    }

    /// Other settings from now on.
    func apply(_ configuration: HTTPConfiguration) { facade.apply(configuration) }

    func configure(_ channel: any Channel, client: SocketAddress?, user: CertificateUser?) throws {
        try facade.configure(channel, client: client, user: user)
    }

    func refusal(_ reason: LoopMetrics.Refusal) -> ByteBuffer {
        switch reason {
        case .maxConnections:
            HTTPFacade.refusal(
                status: .serviceUnavailable, message: "MAX_CONNECTIONS clients are connected already: try again later")
        case .protectedMode:
            HTTPFacade.refusal(
                status: .forbidden,
                message:
                    "PROTECTED_MODE is on: as the backing Redis needs no password, only clients on this machine are served"
            )
        case .proxyHeader:
            HTTPFacade.refusal(
                status: .badRequest,
                message: "no PROXY protocol header is taken from your address, see PROXY_PROTOCOL_FROM")
        case .plaintext:
            HTTPFacade.refusal(status: .badRequest, message: "this port speaks TLS: the URL must begin with https://")
        case .certificateName:
            HTTPFacade.refusal(status: .forbidden, message: "the client's certificate names no user (TLS_CLIENT_NAME)")
        case .certificateUser:
            HTTPFacade.refusal(
                status: .forbidden, message: "WRONGPASS invalid username-password pair or user is disabled.")
        }
    }
}

/// Counts the HTTP requests of one event loop.
private final class HTTPRequestCounter: HTTPRequestObserver {
    private let metrics: LoopMetrics

    init(metrics: LoopMetrics) {
        self.metrics = metrics
    }

    func httpRequestEnded(status: Int, cache: CacheOutcome?, took time: TimeSpan) {
        if status == 429 { metrics.tooManyRequests() }
        let kind: LoopMetrics.Kind =
            switch cache {
            case .hit: .hit
            case .miss: .miss
            case .stale: .stale
            case nil: .local
            }
        let outcome: LoopMetrics.Outcome =
            switch status {
            case ..<400: .ok
            case 503: .unavailable
            case 504: .timedOut
            default: .error
            }
        metrics.requestsEnded(.http, kind, outcome, took: time)
    }
}
