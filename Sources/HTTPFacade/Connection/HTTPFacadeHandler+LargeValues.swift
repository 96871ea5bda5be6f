import BackingClient
import NIOCore
import NIOHTTP1
import RESPProxy
import Time

extension HTTPFacadeHandler: LargeValueReceiver {
    /// Answers with a value that is not kept in the cache: as raw bytes it is passed on as it comes; JSON needs it whole.
    ///
    /// - Parameter length: nil where it is not known: the value is then gathered, as it may be one like any other, unless it proves long.
    func respondWithLargeValue(length: Int?, context: ChannelHandlerContext) {
        guard let exchange else { return }
        guard let length, exchange.representation != .json else {
            guard length ?? 0 <= facade.configuration.jsonLimit else {
                return respond(.tooLongForJSON(limit: facade.configuration.jsonLimit), context: context)
            }
            let stream = facade.reader.streamLargeValue(key, receiver: self)
            // It may have ended inside that call.
            guard self.exchange?.number == exchange.number else { return }
            self.exchange?.phase = .gathering(stream, ByteBuffer())
            return stream.resume()
        }
        let head = FacadeResponse.streamed(length: length, as: exchange.representation, if: preconditions)
        if exchange.isHead || head.status != .ok {
            return respond(head, context: context)
        }
        let stream = facade.reader.streamLargeValue(key, receiver: self)
        guard self.exchange?.number == exchange.number else { return }
        self.exchange?.phase = .streaming(stream, left: nil)
        stream.resume()
    }

    func largeValueBegins(length: Int) {
        guard let context, let exchange else { return }
        switch exchange.phase {
        case .gathering(let stream, _) where length <= facade.configuration.jsonLimit:
            stream.resume()
        case .gathering(let stream, _) where exchange.representation == .json:
            // It has grown since its length was learned.
            end(stream, with: FacadeResponse(.tooLongForJSON(limit: facade.configuration.jsonLimit)), context: context)
        case .gathering(let stream, _):
            let head = FacadeResponse.streamed(length: length, as: exchange.representation, if: preconditions)
            if exchange.isHead || head.status != .ok {
                end(stream, with: head, context: context)
            } else {
                pass(stream, length: length, context: context)
            }
        case .streaming(let stream, _):
            pass(stream, length: length, context: context)
        case .deciding, .fill:
            break
        }
    }

    /// Answers without the value.
    private func end(
        _ stream: any LargeValueStream, with response: consuming FacadeResponse, context: ChannelHandlerContext
    ) {
        stream.cancel()
        // What was told of its length was read past the cache.
        newerThanCacheSince = facade.reader.now
        respond(response, context: context)
        serveAndSend(context: context)
    }

    private func pass(_ stream: any LargeValueStream, length: Int, context: ChannelHandlerContext) {
        guard let exchange else { return }
        var head = FacadeResponse.streamed(length: length, as: exchange.representation, if: Preconditions())
        exchange.phase = .streaming(stream, left: length)
        writeHead(&head, context: context)
        resumeLargeValue()
    }

    func largeValueChunk(_ bytes: ByteBuffer) {
        guard let context, let exchange else { return }
        switch exchange.phase {
        case .gathering(let stream, var gathered):
            self.exchange?.phase = .deciding
            var bytes = bytes
            gathered.writeBuffer(&bytes)
            self.exchange?.phase = .gathering(stream, gathered)
            stream.resume()
        case .streaming(let stream, let left?):
            guard bytes.readableBytes <= left else {
                // More than was announced would be read as the next response.
                return abort(context: context)
            }
            self.exchange?.phase = .streaming(stream, left: left - bytes.readableBytes)
            bytesStreamed &+= UInt64(bytes.readableBytes)
            writeOwed(context: context)
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            resumeLargeValue()
        case .deciding, .fill, .streaming:
            break
        }
    }

    func largeValueEnded(_ outcome: FillOutcome?) {
        guard let context, let exchange else { return }
        // It was read past the cache.
        newerThanCacheSince = facade.reader.now
        switch exchange.phase {
        case .streaming(_, let left?):
            guard outcome == nil, left == 0 else { return abort(context: context) }
            endResponse(context: context)
        case .gathering(_, let gathered) where outcome == nil:
            self.exchange?.phase = .deciding
            respond(gathered, from: .miss, context: context)
        case .deciding, .fill, .gathering, .streaming:
            self.exchange?.phase = .deciding
            switch outcome {
            case .value(let value), .stale(let value, _): respond(value, from: .miss, context: context)
            case .absent: respondAbsent(context: context)
            case .failure(let error): respond(FacadeError(error), context: context)
            case .large, nil: respond(.largeValueLost, context: context)
            }
        }
        serveAndSend(context: context)
    }

    /// Allows the next chunk, if the client has taken in those before it.
    func resumeLargeValue() {
        guard context != nil, channel.isWritable, case .streaming(let stream, _)? = exchange?.phase else { return }
        stream.resume()
    }

    func cancelLargeValue() {
        switch exchange?.phase {
        case .gathering(let stream, _), .streaming(let stream, _): stream.cancel()
        case .deciding, .fill, nil: break
        }
    }

    /// Breaks a response off: the close before its announced end tells the client that it is not whole.
    private func abort(context: ChannelHandlerContext) {
        context.close(promise: nil)
    }
}
