import NIOCore
import NIOHTTP1
import RESPProxy

extension HTTPFacadeHandler {
    func respond(_ value: ByteBuffer, from origin: FacadeResponse.Origin, context: ChannelHandlerContext) {
        guard let exchange else { return }
        let response = FacadeResponse.value(
            value, of: key, as: exchange.representation, from: origin, ifNoneMatch: exchange.ifNoneMatch,
            jsonLimit: facade.configuration.jsonLimit, allocator: context.channel.allocator)
        respond(response, context: context)
    }

    func respond(_ error: FacadeError, context: ChannelHandlerContext) {
        if error.closes { exchange?.isKeepAlive = false }
        respond(FacadeResponse(error, allocator: context.channel.allocator), context: context)
    }

    /// Writes a response whole.
    func respond(_ response: FacadeResponse, context: ChannelHandlerContext) {
        guard let exchange else { return }
        writeHead(response, context: context)
        if let body = response.body, !exchange.isHead, body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        endResponse(context: context)
    }

    func writeHead(_ response: FacadeResponse, context: ChannelHandlerContext) {
        if queue.isLast { exchange?.isKeepAlive = false }
        guard let exchange else { return }
        if owesEnd {
            owesEnd = false
            context.write(wrapOutboundOut(.end(nil)), promise: nil)
        }
        self.exchange?.status = Int(response.status.code)
        self.exchange?.cache = response.cache
        var fields = response.fields
        fields.append(("Date", facade.date.current()))
        if !exchange.isKeepAlive {
            fields.append(("Connection", "close"))
        } else if exchange.announcesKeepAlive {
            fields.append(("Connection", "keep-alive"))
        }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: HTTPHeaders(fields))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// The response is written but for its `.end`; the next request may be looked at.
    func endResponse(context: ChannelHandlerContext) {
        guard let exchange else { return }
        owesEnd = true
        self.exchange = nil
        report(exchange)
        waitingSince = context.eventLoop.now
        queue.responseEnded(keepAlive: exchange.isKeepAlive)
        // Whoever called may not be inside the loop over requests.
        if !exchange.isKeepAlive { closeWhenWritten(context: context) }
    }

    func sendContinue(context: ChannelHandlerContext) {
        if owesEnd {
            owesEnd = false
            context.write(wrapOutboundOut(.end(nil)), promise: nil)
        }
        // An interim response has no end of its own.
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    /// Sends off all responses written so far, with one promise for the batch.
    func flush(context: ChannelHandlerContext) {
        guard owesEnd else { return }
        owesEnd = false
        // A response that fits the channel's buffer is complete as far as we are concerned. Its slot is free before the client can
        // have read it and sent the next request, which another event loop may take up.
        if context.channel.isWritable, !queue.isServing { releaseSlot() }
        flushesUnderWay += 1
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.flushCompleted()
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    private func flushCompleted() {
        flushesUnderWay -= 1
        guard let context else { return }
        if flushesUnderWay == 0 && !owesEnd && !queue.isServing {
            releaseSlot()
            waitingSince = context.eventLoop.now
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
        guard flushesUnderWay == 0, !isLingering, context.channel.isActive else { return }
        if queue.inputClosed {
            context.close(promise: nil)
        } else {
            isLingering = true
            context.close(mode: .output, promise: nil)
            guard context.channel.isActive else { return }
            scheduleTimer(in: facade.configuration.lingerTimeout, context: context)
            context.read()
        }
    }

    func report(_ exchange: Exchange) {
        guard let observer = facade.observer, let now = context?.eventLoop.now else { return }
        let elapsed = now - exchange.started
        observer.httpRequestEnded(
            status: exchange.status, cache: exchange.cache, nanoseconds: UInt64(clamping: elapsed.nanoseconds))
    }
}
