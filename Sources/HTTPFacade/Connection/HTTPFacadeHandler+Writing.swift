import BackingClient
import NIOCore
import NIOHTTP1
import RESPProxy
import Time

extension HTTPFacadeHandler: ReplySender {
    func respond(_ value: ByteBuffer, from origin: FacadeResponse.Origin, context: ChannelHandlerContext) {
        guard let exchange else { return }
        var memory = facade.flusher.takeMemory()
        respond(
            FacadeResponse.value(
                value, of: key, as: exchange.representation, from: origin,
                if: preconditions,
                jsonLimit: facade.configuration.jsonLimit, document: &facade.document, memory: &memory),
            context: context)
        if facade.document.capacity > Self.documentLimit { facade.document = ByteBuffer() }
    }

    func respondAbsent(context: ChannelHandlerContext) {
        respond(.absent(preconditions), context: context)
    }

    /// Of the request being served.
    var preconditions: Preconditions { exchange?.request?.preconditions ?? Preconditions() }

    /// So much memory is kept for the next JSON document.
    private static let documentLimit = 1 << 17

    func respond(_ error: FacadeError, context: ChannelHandlerContext) {
        if error.closes { exchange?.isKeepAlive = false }
        respond(FacadeResponse(error), context: context)
    }

    /// Writes a response whole; its last bytes are kept back.
    func respond(_ response: consuming FacadeResponse, context: ChannelHandlerContext) {
        guard let exchange else { return }
        let body = response.body
        writeHead(&response, context: context)
        if let body, !exchange.isHead, body.readableBytes > 0 {
            if body.readableBytes < Self.referenceThreshold {
                owed.writeImmutableBuffer(body)
            } else {
                writeOwed(context: context)
                owed = body
            }
        }
        endResponse(context: context)
    }

    /// Bodies at least this long are written where they lie, without a copy.
    static let referenceThreshold = 16_384

    func writeOwed(context: ChannelHandlerContext) {
        guard owed.readableBytes > 0 else { return }
        context.write(wrapOutboundOut(owed), promise: nil)
        owed = ByteBuffer()
    }

    func writeHead(_ response: inout FacadeResponse, context: ChannelHandlerContext) {
        if queue.isLast { exchange?.isKeepAlive = false }
        guard let exchange else { return }
        owesEnd = false
        writeOwed(context: context)
        exchange.status = Int(response.status.code)
        exchange.cache = response.cache
        owed = response.takeHead()
        if exchange.isKeepAlive, !exchange.announcesKeepAlive {
            owed.writeImmutableBuffer(facade.date.endOfHead())
            return
        }
        owed.writeImmutableBuffer(facade.date.field())
        if exchange.isKeepAlive {
            owed.writeStaticString("\r\nConnection: keep-alive\r\n\r\n")
        } else {
            owed.writeStaticString("\r\nConnection: close\r\n\r\n")
        }
    }

    /// The response is whole; the next request may be looked at.
    func endResponse(context: ChannelHandlerContext) {
        guard let exchange else { return }
        owesEnd = true
        self.exchange = nil
        let now = facade.reader.now
        report(exchange, at: now)
        waitingSince = now
        queue.responseEnded(keepAlive: exchange.isKeepAlive)
        // Whoever called may not be inside the loop over requests.
        if !exchange.isKeepAlive { closeWhenWritten(context: context) }
    }

    func sendContinue(context: ChannelHandlerContext) {
        owesEnd = false
        writeOwed(context: context)
        // An interim response has no end of its own.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// Has all responses written so far sent at the end of the event loop's turn.
    func flushLater() {
        guard owesEnd else { return }
        releaseSlotIfAnswered()
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        facade.flusher.flushLater(self)
    }

    func flushNow() {
        isFlushScheduled = false
        if let context { flush(context: context) }
    }

    /// Sends off all responses written so far. What the socket does not take at once, the channel keeps.
    func flush(context: ChannelHandlerContext) {
        guard owesEnd else { return }
        owesEnd = false
        releaseSlotIfAnswered()
        var last = ByteBuffer()
        swap(&last, &owed)
        context.writeAndFlush(wrapOutboundOut(last), promise: nil)
        // Written whole, as nearly always, it is nobody else's now.
        facade.flusher.giveBack(consume last)
    }

    /// Closes once everything has been written.
    ///
    /// Our side only, at first: if the client is still sending, a full close would answer it with a reset, which may
    /// overtake the response.
    func closeWhenWritten(context: ChannelHandlerContext) {
        guard !isClosing, channel.isActive else { return }
        isClosing = true
        flush(context: context)
        // Done when what was written before it is.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            guard let context = self.context, self.channel.isActive else { return }
            self.closeWritten(context: context)
        }
    }

    private func closeWritten(context: ChannelHandlerContext) {
        releaseSlot()
        guard !queue.inputClosed else { return context.close(promise: nil) }
        isLingering = true
        context.close(mode: .output, promise: nil)
        guard channel.isActive else { return }
        scheduleTimer(in: facade.configuration.lingerTimeout, context: context)
        context.read()
    }

    func report(_ exchange: Exchange, at now: Instant) {
        guard let observer = facade.observer else { return }
        observer.httpRequestEnded(status: exchange.status, cache: exchange.cache, took: now - exchange.started)
    }
}
