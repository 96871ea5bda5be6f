import BackingClient
import NIOCore
import NIOHTTP1
import RESPProxy
import Time

extension HTTPFacadeHandler {
    func serve(_ request: FacadeRequest, context: ChannelHandlerContext) {
        begin(
            request, isHead: request.isHead, isKeepAlive: request.isKeepAlive,
            announcesKeepAlive: request.head.version == .http1_0, context: context)
        resetKey(context: context)
        // In this order: the host is mostly an address or found at once, for less than the reader takes to answer.
        guard request.isFor(facade.knownHosts) || !facade.reader.servesOnlyKnownHosts else {
            return respond(.misdirected, context: context)
        }
        switch request.plan(targetLimit: facade.configuration.targetLimit, key: &key) {
        case .refuse(let error):
            respond(error, context: context)
        case .read(let representation):
            exchange?.representation = representation
            guard takeSlot(context: context) else {
                return respond(.tooManyRequests(maxClients: facade.limiter.maxClients), context: context)
            }
            authorize(context: context)
        }
    }

    /// Answers bytes that never became a request.
    func refuse(_ error: FacadeError, isHead: Bool, context: ChannelHandlerContext) {
        begin(nil, isHead: isHead, isKeepAlive: false, announcesKeepAlive: false, context: context)
        respond(error, context: context)
    }

    private func begin(
        _ request: FacadeRequest?, isHead: Bool, isKeepAlive: Bool, announcesKeepAlive: Bool,
        context: ChannelHandlerContext
    ) {
        lastNumber &+= 1
        exchange = Exchange(
            request, number: lastNumber, isHead: isHead, isKeepAlive: isKeepAlive,
            announcesKeepAlive: announcesKeepAlive, started: facade.reader.now)
    }

    private func resetKey(context: ChannelHandlerContext) {
        if key.capacity > 4096 {
            key = ByteBuffer()
        } else {
            key.clear()
        }
    }

    // MARK: The slot

    /// A connection holds one slot from its first look-up to when all its responses have been written: pipelined requests
    /// are served one after another, and so never count as more than one.
    private func takeSlot(context: ChannelHandlerContext) -> Bool {
        if !holdsSlot {
            holdsSlot = facade.limiter.take(now: facade.reader.now)
        }
        return holdsSlot
    }

    /// A response that fits the channel's buffer is complete as far as we are concerned. Its slot is free before the client can
    /// have read it and sent the next request, which another event loop may take up.
    func releaseSlotIfAnswered() {
        if channel.isWritable, !queue.isServing { releaseSlot() }
    }

    func releaseSlot() {
        guard holdsSlot else { return }
        holdsSlot = false
        facade.limiter.release()
    }

    // MARK: Who may read

    private func authorize(context: ChannelHandlerContext) {
        guard facade.reader.requiresCredentials || user != nil else { return lookUp(context: context) }
        guard let exchange else { return }
        let authorization = exchange.request?.fields.authorization
        if let granted, granted.authorization == authorization, facade.reader.now < granted.until {
            return lookUp(context: context)
        }
        granted = nil
        let permission =
            switch BasicCredentials(authorization) {
            case .credentials(let credentials): facade.reader.mayRead(credentials)
            case .none: mayReadByCertificate()
            case .malformed: nil as EventLoopFuture<ReadPermission>?
            }
        guard let permission else {
            return respond(.unauthenticated("Authorization: Basic holds no readable credentials"), context: context)
        }
        let number = exchange.number
        permission.hop(to: context.eventLoop).assumeIsolated().whenComplete { result in
            guard let context = self.context, self.exchange?.number == number else { return }
            self.permissionCame(result, authorization: authorization, context: context)
            self.serveAndSend(context: context)
        }
    }

    /// Without credentials in the request those of the certificate's user count, who is nobody else where there are none.
    private func mayReadByCertificate() -> EventLoopFuture<ReadPermission> {
        guard let user else { return facade.reader.mayRead(nil) }
        return facade.reader.mayRead(user)
    }

    private func permissionCame(
        _ result: Result<ReadPermission, any Error>, authorization: String?, context: ChannelHandlerContext
    ) {
        switch result {
        case .success(.granted):
            granted = (authorization, facade.reader.now + .seconds(1))
            lookUp(context: context)
        case .success(.unauthenticated(let text)):
            respond(.unauthenticated(String(decoding: text, as: UTF8.self)), context: context)
        case .success(.forbidden):
            respond(.forbidden, context: context)
        case .success(.failure(let error)):
            respond(FacadeError(error), context: context)
        case .failure(let error):
            respond(FacadeError(unknown: error), context: context)
        }
    }

    // MARK: The value

    /// - Parameter isProven: What the cache has of the key is known to be at least as new as what was answered before.
    private func lookUp(isProven: Bool = false, context: ChannelHandlerContext) {
        guard let number = exchange?.number, let callback else { return }
        var isCurrent = true
        if let newerThanCacheSince, !isProven {
            isCurrent = facade.reader.isBarrierAnswered(of: key, since: newerThanCacheSince)
            if !isCurrent, facade.reader.mayServe(key) {
                return awaitBarrier(since: newerThanCacheSince, context: context)
            }
        }
        exchange?.phase = .fill
        let reading = facade.reader.readValue(key, isCurrent: isCurrent, waiter: callback, request: number) {
            [facade] bytes in
            facade.copied.clear(minimumCapacity: bytes.byteCount)
            facade.copied.writeBytes(bytes)
        }
        switch reading {
        case .hit(let value, let age):
            switch value ?? .bytes(facade.copied) {
            case .bytes(let value): respond(value, from: .hit(age: age), context: context)
            case .absent: respondAbsent(context: context)
            case .large(let length): respondWithLargeValue(length: length, context: context)
            }
        case .pending:
            break
        case .mustWait:
            // Only a reader with an earlier read outstanding is told this; there is none, so the next turn will do.
            context.eventLoop.assumeIsolated().execute {
                guard let context = self.context, self.exchange?.number == number else { return }
                self.lookUp(isProven: isProven, context: context)
                self.serveAndSend(context: context)
            }
        }
    }

    /// Goes on with the look-up once the cache is at least as new as what was answered before.
    private func awaitBarrier(since: Instant, context: ChannelHandlerContext) {
        guard let number = exchange?.number else { return }
        facade.reader.awaitBarrier(of: key, since: since) {
            guard let context = self.context, self.exchange?.number == number else { return }
            self.lookUp(isProven: true, context: context)
            self.serveAndSend(context: context)
        }
    }

    func fillEnded(request: UInt64, outcome: FillOutcome, isNewerThanCache: Bool) {
        guard let context, let exchange, exchange.number == request, case .fill = exchange.phase else { return }
        if isNewerThanCache { newerThanCacheSince = facade.reader.now }
        switch outcome {
        case .value(let value): respond(value, from: .miss, context: context)
        case .stale(let value, let age): respond(value, from: .stale(age: age), context: context)
        case .absent: respondAbsent(context: context)
        case .large(let length): respondWithLargeValue(length: length, context: context)
        case .failure(let error): respond(FacadeError(error), context: context)
        }
        serveAndSend(context: context)
    }
}
