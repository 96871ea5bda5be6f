import NIOCore
import NIOHTTP1
import RESPProxy
import Time
import TransportSecurity

/// One HTTP connection: carries out what the ``RequestQueue`` and the request's plan say.
///
/// Its parts: this file has the channel's events and the loop over requests, the extensions serve a request
/// (`+Serving`), stream large values (`+LargeValues`), write (`+Writing`) and watch the clock (`+Timeouts`).
///
/// Together they are longer than 300 lines, and it has more than 20 properties: an event of the socket concerns the request in hand, what is owed to
/// the client and the timer alike. What is decided, is in types of their own: ``RequestQueue``, ``FacadeRequest``, ``FacadeResponse``.
final class HTTPFacadeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    let facade: HTTPFacade
    let channel: any Channel
    /// Where the client is, as far as is known.
    let client: SocketAddress?
    /// Whom the client's certificate names, if it does.
    let user: CertificateUser?
    var queue: RequestQueue
    var context: ChannelHandlerContext?
    var callback: FillCallback?

    /// The request being served.
    var exchange: Exchange?
    var lastNumber: UInt64 = 0
    /// The key of the request being served; its storage is used again for the next, where nobody kept it.
    var key: ByteBuffer

    /// When something was answered that the cache may be older than; nil: nothing, or a barrier stood since.
    var newerThanCacheSince: Instant?

    var holdsSlot = false
    /// The header field whose credentials were last found good, and until when that is believed.
    var granted: (authorization: String?, until: Instant)?

    /// A response is whole, but its end is kept back, so that a batch is written as one.
    var owesEnd = false
    /// What is kept back.
    var owed = ByteBuffer()
    /// What is owed is sent at the end of the event loop's turn.
    var isFlushScheduled = false
    var wantsRead = false
    var isServingRequests = false
    /// The last response has been written, and our side is closed once the client has taken it.
    var isClosing = false
    /// Our side is closed, and what the client still sends is not looked at.
    var isLingering = false

    /// Since when the client has owed us a request.
    var waitingSince = Instant.distantPast
    var timer: Scheduled<Void>?
    /// What had been written when it was last looked at, and since when that is so.
    var progress: WriteProgress?
    var progressSince = Instant.distantPast
    var bytesStreamed: UInt64 = 0

    init(facade: HTTPFacade, channel: any Channel, client: SocketAddress?, user: CertificateUser?) {
        self.facade = facade
        self.user = user
        self.channel = channel
        self.client = client
        queue = RequestQueue(configuration: facade.configuration)
        key = ByteBuffer()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        callback = FillCallback(eventLoop: context.eventLoop, handler: self)
        key.reserveCapacity(128)
        waitingSince = facade.reader.now
        scheduleTimer(in: facade.configuration.idleTimeout, context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        tearDown()
    }

    func channelInactive(context: ChannelHandlerContext) {
        tearDown()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isLingering else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            queue.receiveHead(head)
        case .body(let bytes):
            queue.receiveBody(length: bytes.readableBytes)
        case .end:
            queue.receiveEnd()
        }
        serveRequests(context: context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isLingering {
            context.read()
        } else {
            // What was read may be too little for the parser to have said anything.
            serveAndSend(context: context)
        }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where isLingering:
            context.close(promise: nil)
        case ChannelEvent.inputClosed:
            queue.receiveInputClosed()
            serveAndSend(context: context)
        case is ChannelShouldQuiesceEvent:
            queue.receiveShutdown()
            serveAndSend(context: context)
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if channel.isWritable {
            if !owesEnd { releaseSlotIfAnswered() }
            resumeLargeValue()
            serveAndSend(context: context)
        } else {
            watchSlowClient(context: context)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is HTTPParserError, is NIOHTTPDecoderError:
            queue.parserFailed(error)
            serveAndSend(context: context)
        case is ByteToMessageDecoderError, is ByteToMessageDecoderError.PayloadTooLargeError:
            // Bytes that came after the parser had given up.
            break
        default:
            // The socket's own error: nobody is left to answer.
            facade.logger.debug(
                "an HTTP connection failed",
                metadata: ["error": "\(error)", "client": "\(client.map(\.endpoint) ?? "")"])
            context.close(promise: nil)
        }
    }

    /// Serves requests, and does what else the queue says, until it has to wait.
    func serveRequests(context: ChannelHandlerContext) {
        // Serving may end in the same call, and a flush may complete in it: both come back here.
        guard !isServingRequests else { return }
        isServingRequests = true
        defer { isServingRequests = false }
        // What was wanted before need not be wanted any more: a head asks for its end, which has then come.
        wantsRead = false
        while channel.isActive {
            if !channel.isWritable && !queue.isServing {
                // The client is slow to take what it asked for: the next request is looked at when it has.
                flush(context: context)
                guard channel.isWritable else { return }
            }
            switch queue.next() {
            case .serve(let request):
                serve(request, context: context)
            case .refuse(let error, let isHead):
                refuse(error, isHead: isHead, context: context)
            case .sendContinue:
                sendContinue(context: context)
            case .read:
                wantsRead = true
                return
            case .close:
                closeWhenWritten(context: context)
                return
            case .wait:
                return
            }
        }
    }

    /// Has what was written sent, and asks for more where more is wanted.
    func sendAndRead(context: ChannelHandlerContext) {
        flushLater()
        if wantsRead {
            wantsRead = false
            context.read()
        }
    }

    /// Goes on with the requests. To be called at the end of a read, and when something else has happened.
    func serveAndSend(context: ChannelHandlerContext) {
        serveRequests(context: context)
        if !isServingRequests { sendAndRead(context: context) }
    }

    private func tearDown() {
        timer?.cancel()
        timer = nil
        cancelLargeValue()
        if let exchange, exchange.status != 0 { report(exchange, at: facade.reader.now) }
        exchange = nil
        callback?.detach()
        callback = nil
        releaseSlot()
        context = nil
    }
}
