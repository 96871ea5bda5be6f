import BackingClient
import NIOCore
import NIOHTTP1
import RESPProxy

extension HTTPFacadeHandler {
    func respond(_ value: ByteBuffer, from origin: FacadeResponse.Origin, context: ChannelHandlerContext) {
        guard let exchange else { return }
        respond(
            FacadeResponse.value(
                value, of: key, as: exchange.representation, from: origin, ifNoneMatch: exchange.ifNoneMatch,
                jsonLimit: facade.configuration.jsonLimit, document: &facade.document, memory: &facade.spareHead),
            context: context)
        if facade.document.capacity > Self.documentLimit { facade.document = ByteBuffer() }
    }

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
        owed.writeStaticString("Date: ")
        owed.writeString(facade.date.current())
        if !exchange.isKeepAlive {
            owed.writeStaticString("\r\nConnection: close\r\n\r\n")
        } else if exchange.announcesKeepAlive {
            owed.writeStaticString("\r\nConnection: keep-alive\r\n\r\n")
        } else {
            owed.writeStaticString("\r\n\r\n")
        }
    }

    /// The response is whole; the next request may be looked at.
    func endResponse(context: ChannelHandlerContext) {
        guard let exchange else { return }
        owesEnd = true
        self.exchange = nil
        let now = context.eventLoop.now
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

    /// Sends off all responses written so far; a promise is made only where the socket does not take all at once.
    func flush(context: ChannelHandlerContext) {
        guard owesEnd else { return }
        owesEnd = false
        // A response that fits the channel's buffer is complete as far as we are concerned. Its slot is free before the client can
        // have read it and sent the next request, which another event loop may take up.
        if channel.isWritable, !queue.isServing { releaseSlot() }
        var last = owed
        owed = ByteBuffer()
        flushesUnderWay += 1
        context.writeAndFlush(wrapOutboundOut(last), promise: nil)
        // Nearly always the socket has taken all of it by now. To ask costs a third of what a promise does.
        guard self.context != nil, bufferedBytes > 0 else {
            last.reuse(upTo: Self.spareLimit)
            facade.spareHead = last
            return flushCompleted(at: waitingSince)
        }
        // Done when what was written before it is.
        let eventLoop = context.eventLoop
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.flushCompleted(at: eventLoop.now)
        }
    }

    /// So much memory is kept for the next response, in bytes.
    private static let spareLimit = 1 << 16

    private func flushCompleted(at now: NIODeadline) {
        flushesUnderWay -= 1
        guard let context else { return }
        if flushesUnderWay == 0 && !owesEnd && !queue.isServing {
            releaseSlot()
            waitingSince = now
        }
        if queue.isFinished {
            closeWhenWritten(context: context)
        } else {
            proceed(context: context)
        }
    }

    /// Closes once everything has been written.
    ///
    /// Our side only, at first: if the client is still sending, a full close would answer it with a reset, which may
    /// overtake the response.
    func closeWhenWritten(context: ChannelHandlerContext) {
        if owesEnd { return flush(context: context) }
        guard flushesUnderWay == 0, !isLingering, channel.isActive else { return }
        if queue.inputClosed {
            context.close(promise: nil)
        } else {
            isLingering = true
            context.close(mode: .output, promise: nil)
            guard channel.isActive else { return }
            scheduleTimer(in: facade.configuration.lingerTimeout, context: context)
            context.read()
        }
    }

    func report(_ exchange: Exchange, at now: NIODeadline) {
        guard let observer = facade.observer else { return }
        let elapsed = now - exchange.started
        observer.httpRequestEnded(
            status: exchange.status, cache: exchange.cache, nanoseconds: UInt64(clamping: elapsed.nanoseconds))
    }
}
