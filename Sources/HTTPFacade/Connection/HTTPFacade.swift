import Logging
import NIOCore
import NIOHTTP1
import RESPProxy
import TransportSecurity

/// The HTTP side of one event loop: makes its connections, and holds what they share.
///
/// Everything here runs on the event loop of the `ProxyLoop` it was made for.
public final class HTTPFacade {
    private(set) var configuration: HTTPConfiguration
    private(set) var knownHosts: KnownHosts
    let reader: any KeyReader
    let limiter: HTTPLimiter
    let flusher: ReplyFlusher
    let logger: Logger
    let observer: (any HTTPRequestObserver)?
    var date = HTTPDate()
    /// Memory for one short value at a time, copied from the cache.
    var copied = ByteBuffer()
    /// Memory for the JSON form of one value at a time.
    var document = ByteBuffer()

    /// - Parameters:
    ///   - limiter: The slots of `MAX_CLIENTS`, one object for the whole process.
    ///   - observer: Hears of each response on the event loop.
    public convenience init(
        proxyLoop: ProxyLoop, configuration: HTTPConfiguration, limiter: HTTPLimiter, logger: Logger,
        observer: (any HTTPRequestObserver)? = nil
    ) {
        self.init(
            reader: proxyLoop, flusher: proxyLoop.flusher, configuration: configuration, limiter: limiter,
            logger: logger, observer: observer)
    }

    init(
        reader: any KeyReader, flusher: ReplyFlusher, configuration: HTTPConfiguration, limiter: HTTPLimiter,
        logger: Logger, observer: (any HTTPRequestObserver)?
    ) {
        self.reader = reader
        self.configuration = configuration
        knownHosts = KnownHosts(names: configuration.allowedHosts)
        self.limiter = limiter
        self.flusher = flusher
        self.logger = logger
        self.observer = observer
    }

    /// Other settings from now on; what bounds requests (their lengths) holds for connections that are made from now on.
    public func apply(_ configuration: HTTPConfiguration) {
        self.configuration = configuration
        knownHosts = KnownHosts(names: configuration.allowedHosts)
    }

    /// Makes `channel` an HTTP connection; call on its event loop, from a handler that has read the first bytes.
    ///
    /// Appends the handlers to the end of the pipeline. The caller then fires the bytes it has read at them (`fireChannelRead`),
    /// **followed by `fireChannelReadComplete`**, which is what sends responses off and asks for more, and gets out of
    /// the way. The channel's `autoRead` is switched off and its half-closure allowed, if they are not so already: the connection
    /// reads when it has answered what it has.
    ///
    /// A `ChannelShouldQuiesceEvent` fired into the pipeline makes the connection answer what it has received and close.
    ///
    /// - Parameters:
    ///   - client: where the client is; nil: where the channel says.
    ///   - user: whom the client's certificate names, if it does.
    public func configure(_ channel: any Channel, client: SocketAddress? = nil, user: CertificateUser? = nil) throws {
        if let options = channel.syncOptions {
            try options.setOption(.autoRead, value: false)
            try options.setOption(.allowRemoteHalfClosure, value: true)
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.headLimit
        limits.maxHeaderListSize = configuration.headLimit
        limits.maxHeaderFieldCount = configuration.headerCountLimit
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPReadGate())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
        try pipeline.addHandler(
            HTTPFacadeHandler(facade: self, channel: channel, client: client ?? channel.remoteAddress, user: user))
    }

    /// A whole response in bytes, after which the caller closes: for a listener that turns a client away before it is served.
    public static func refusal(status: HTTPResponseStatus, message: String) -> ByteBuffer {
        let response = FacadeResponse(FacadeError(status: status, message: message))
        var bytes = response.head
        bytes.writeStaticString("\r\nConnection: close\r\n\r\n")
        if var body = response.body { bytes.writeBuffer(&body) }
        return bytes
    }
}
