import BackingClient
import NIOCore
import RESPParser

/// One RESP client: its bytes in, the replies out in the order of its commands. What goes where is decided by ``CommandRouter``,
/// ``ReadQueue`` and ``RelayLedger``; this executes it on the sockets.
///
/// The session outlives its client where commands already received must still reach the server.
final class RESPSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is done with the bytes that come from the client.
    enum Intake {
        case commands
        /// A command larger than ``streamingThreshold`` is passed on as it comes.
        case streaming
        /// The same, but there is no backing to pass it to, and its error has been sent.
        case skipping
        /// After `SYNC`: passed on unread.
        case tunnel
        /// Nothing more is taken: a protocol error, `QUIT`, or the end.
        case ended
    }

    enum Relay {
        case none
        case connecting
        /// The next command that needs it is answered with this.
        case failed(BackingError)
        case open(RelayConnection)
    }

    /// An unfinished command of at least this many bytes is streamed instead of kept.
    static let streamingThreshold = 65_536
    /// Replies from the cache that a client does not take are kept up to this; beyond it, its reads go to the server.
    static let answerLimit = 16 << 20
    /// Values at least this long are written where they lie, without a copy.
    static let referenceThreshold = 16_384

    let loop: ProxyLoop
    let channel: any Channel
    let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?

    var ledger = RelayLedger()
    var reads = ReadQueue()
    var relay: Relay = .none
    var intake: Intake = .commands
    private var parser = CommandParser()
    private var inbound = ByteBuffer()
    /// Commands to be written to the pinned connection at the end of the turn.
    private var forwards = ByteBuffer()
    /// Replies to be written at the end of the turn.
    private var output = ByteBuffer()
    /// Bytes of values written without a copy in this turn.
    private var referenced = 0
    /// Sent, and then the connection closed, once everything before it is answered.
    private var lastReply: ByteBuffer?
    private var inputHasEnded = false
    private var isProcessing = false
    private var isTurnScheduled = false
    private var isReading = false
    private var isClosed = false
    /// What the route of the command in hand waits for has not come yet.
    private var isWaiting = false
    private var hits: UInt64 = 0
    /// When this turn's replies of the server came: one look at the clock for all of them.
    private var relayReadTime: UInt64?

    init(loop: ProxyLoop, channel: any Channel) {
        self.loop = loop
        self.channel = channel
        self.eventLoop = channel.eventLoop
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.sessionOpened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard intake != .ended else { return }
        var bytes = unwrapInboundIn(data)
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.discardReadBytes()
            inbound.writeBuffer(&bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        process()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed:
            inputHasEnded = true
            process()
        case is ChannelShouldQuiesceEvent:
            // As Redis on SIGTERM: what was received is answered, then the connection ends.
            inputHasEnded = true
            process()
        case is IdleStateHandler.IdleStateEvent:
            if isIdle, !ledger.isBlocked { close() }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if case .open(let connection) = relay { connection.readMore() }
            process()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Complete commands already received still go to the server; their replies are dropped.
        inputHasEnded = true
        process()
        context.fireChannelInactive()
    }

    // MARK: The turn

    /// Nothing is outstanding anywhere.
    private var isIdle: Bool {
        guard ledger.isEmpty, reads.isEmpty, intake == .commands || intake == .ended else { return false }
        if case .connecting = relay { return false }
        return true
    }

    /// Does what can be done now: takes commands, sends what is due, reads on.
    private func process() {
        guard !isProcessing, !isClosed else { return }
        isProcessing = true
        let started = MonotonicClock.now()
        hits = 0
        answerReads()
        takeCommands(now: started)
        answerReads()
        if hits > 0 {
            loop.metrics.requestsEnded(
                .resp, .hit, .ok, count: hits, nanoseconds: MonotonicClock.now() &- started)
        }
        flushForwards()
        flushOutput()
        isProcessing = false
        endIfDone()
        readMore()
    }

    /// Several events of one turn of the event loop are answered with one write.
    private func scheduleTurn() {
        guard !isTurnScheduled, !isClosed else { return }
        isTurnScheduled = true
        eventLoop.assumeIsolated().execute { [self] in
            isTurnScheduled = false
            process()
        }
    }

    private func readMore() {
        guard !isReading, !inputHasEnded, !isClosed, intake != .ended, !isWaiting else { return }
        if case .open(let connection) = relay, !connection.isWritable { return }
        isReading = true
        context?.read()
    }

    private func endIfDone() {
        guard !isClosed else { return }
        if let last = lastReply, reads.isEmpty, ledger.isEmpty {
            lastReply = nil
            send(last)
            close()
        } else if inputHasEnded, canForward {
            // A blocked command is withdrawn, and a half-received one has no end; everything else is answered first.
            let isCutShort = intake == .streaming && ledger.count <= 1 || intake == .tunnel
            if ledger.isBlocked || isCutShort || (isIdle && !isWaiting) { close() }
        }
    }

    /// Ends both connections. What was written is still sent.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        intake = .ended
        if case .open(let connection) = relay { connection.close() }
        relay = .none
        for fence in ledger.connectionEnded() { loop.cache.lowerFence(fence) }
        loop.sessionClosed(self)
        context?.closeBehindWrites()
    }

    // MARK: Commands

    private func takeCommands(now: UInt64) {
        isWaiting = false
        while !isWaiting {
            switch intake {
            case .ended:
                inbound.clear()
                return
            case .tunnel:
                forward(&inbound, length: inbound.readableBytes)
                return
            case .commands, .streaming, .skipping:
                guard inbound.readableBytes > 0, canForward, takeNext(now: now) else { return }
            }
        }
    }

    /// False while the server does not take what was sent to it: then the client has to wait as well.
    private var canForward: Bool {
        guard case .open(let connection) = relay else { return true }
        return connection.isWritable
    }

    /// Takes one command, or one piece of a large one.
    ///
    /// - Returns: False when more bytes are needed.
    private func takeNext(now: UInt64) -> Bool {
        let isLimited = isLimited
        if isLimited, ledger.isAuthenticating {
            isWaiting = true
            return false
        }
        parser.limits = isLimited ? .redisUnauthenticated : .redis
        let result: CommandParseResult
        do throws(ProtocolError) {
            result = try parser.parse(inbound.readableBytesSpan)
        } catch {
            end(with: error)
            return false
        }
        switch result {
        case .incomplete where intake == .commands:
            return takePart(now: now)
        case .incomplete:
            pass(length: inbound.readableBytes)
            return false
        case .nothing(let length):
            inbound.moveReaderIndex(forwardBy: length)
        case .multibulk(let length) where intake != .commands:
            pass(length: length)
            intake = .commands
        case .multibulk(let length):
            let command = CommandView(buffer: inbound, arguments: parser.arguments)
            take(command, now: now) { session in
                session.forward(&session.inbound, length: length)
            } drop: {
                $0.inbound.moveReaderIndex(forwardBy: length)
            }
        case .inline(let length):
            var encoded = ByteBuffer(bytes: parser.inlineAsMultibulk)
            let command = CommandView(buffer: encoded, arguments: parser.arguments)
            take(command, now: now) { session in
                session.inbound.moveReaderIndex(forwardBy: length)
                session.forward(&encoded, length: encoded.readableBytes)
            } drop: {
                $0.inbound.moveReaderIndex(forwardBy: length)
            }
        }
        return true
    }

    /// Whether the tighter limits for clients that are not logged in hold.
    private var isLimited: Bool {
        loop.admitsAnonymous == false && !loop.configuration.trustsClients && ledger.state.user == .new
    }

    /// Sends a command where it belongs, or leaves it where it is until it can be.
    private func take(
        _ command: CommandView, now: UInt64, forward: (RESPSession) -> Void, drop: (RESPSession) -> Void
    ) {
        let router = CommandRouter(table: loop.commandTable, access: loop.access)
        switch router.route(command, ledger: ledger, reads: reads, canAnswerHere: canAnswerHere) {
        case .wait:
            isWaiting = true
        case .hangUp:
            intake = .ended
            flushOutput()
            close()
        case .read:
            if !read(command, now: now) { isWaiting = true } else { drop(self) }
        case .relay(let relayed):
            switch prepareRelay() {
            case .open:
                begin(relayed, now: now)
                forward(self)
            case .failed(let error):
                drop(self)
                loop.metrics.requestsEnded(.resp, .relay, error.outcome, nanoseconds: nil)
                answer(.error(error.message))
            case .none, .connecting:
                isWaiting = true
            }
        }
    }

    /// An unfinished command: kept while it is small, passed on as it comes once it is large.
    private func takePart(now: UInt64) -> Bool {
        guard inbound.readableBytes >= Self.streamingThreshold, let announced = parser.announcedArguments else {
            return false
        }
        let command = CommandView(
            buffer: inbound, arguments: parser.arguments, announced: max(announced, parser.arguments.count + 1))
        take(command, now: now) { session in
            session.intake = .streaming
            let length = session.parser.startStreaming()
            session.forward(&session.inbound, length: length)
        } drop: { session in
            session.intake = .skipping
            session.inbound.moveReaderIndex(forwardBy: session.parser.startStreaming())
        }
        return intake != .commands
    }

    /// Passes on, or drops, a piece of a large command.
    private func pass(length: Int) {
        if intake == .streaming {
            forward(&inbound, length: length)
        } else {
            inbound.moveReaderIndex(forwardBy: length)
        }
    }

    private func end(with error: ProtocolError) {
        var reply = ByteBuffer()
        RESPEncoder.protocolError(error, into: &reply)
        intake = .ended
        lastReply = reply
    }

    // MARK: Reads

    /// Whether the client takes its replies, and the backing our fills.
    private var canAnswerHere: Bool {
        channel.isWritable && !loop.isFillRefused && output.readableBytes + referenced < Self.answerLimit
    }

    /// Reads a key through the cache.
    ///
    /// - Returns: False when it must wait for the session's earlier reads.
    private func read(_ command: CommandView, now: UInt64) -> Bool {
        let range = command.arguments[1]
        let reading = loop.readThrough.read(
            command.buffer.readableBytesSpan.extracting(range), now: now, outstandingLane: reads.lane, waiter: self,
            request: reads.nextRequest)
        switch reading {
        case .mustWait:
            return false
        case .hit(.bytes(let value), _):
            hits += 1
            if reads.isEmpty {
                answer(.value(value))
            } else {
                reads.append(.answer(.value(value)))
            }
        case .hit(.large, _):
            reads.append(.relay(key: copyKey(command, range)))
        case .pending(let lane):
            reads.appendPending(key: copyKey(command, range), lane: lane, started: now)
        }
        return true
    }

    private func copyKey(_ command: CommandView, _ range: Range<Int>) -> ByteBuffer {
        ByteBuffer(copying: command.buffer.readableBytesSpan.extracting(range))
    }

    /// Sends the reads' replies that are due.
    private func answerReads() {
        while ledger.isEmpty, let front = reads.front {
            switch front {
            case .answer(let due):
                reads.removeFront()
                answer(due)
            case .relay(let key):
                switch prepareRelay() {
                case .none, .connecting: return
                case .failed(let error):
                    reads.removeFront()
                    answer(.error(error.message))
                case .open:
                    reads.removeFront()
                    begin(.plainRead, now: MonotonicClock.now())
                    RESPEncoder.command([Array("GET".utf8), Array(key.readableBytesView)], into: &forwards)
                }
            }
        }
    }

    private func answer(_ answer: ReadQueue.Answer) {
        switch answer {
        case .value(let value):
            RESPEncoder.bulkHeader(length: value.readableBytes, into: &output)
            if value.readableBytes >= Self.referenceThreshold {
                referenced += value.readableBytes
                writeOutput()
                send(value)
            } else {
                output.writeImmutableBuffer(value)
            }
            output.writeInteger(UInt16(0x0D0A))
        case .null:
            RESPEncoder.null(ledger.state.version, into: &output)
        case .error(let text):
            RESPEncoder.error(String(decoding: text, as: UTF8.self), into: &output)
        }
    }

    // MARK: Writing

    private func forward(_ buffer: inout ByteBuffer, length: Int) {
        guard length > 0, case .open(let connection) = relay, let bytes = buffer.readSlice(length: length) else {
            return
        }
        if length >= Self.referenceThreshold {
            flushForwards()
            connection.write(bytes)
            connection.flush()
        } else {
            forwards.writeImmutableBuffer(bytes)
            if forwards.readableBytes >= Self.streamingThreshold { flushForwards() }
        }
    }

    private func flushForwards() {
        guard forwards.readableBytes > 0, case .open(let connection) = relay else { return }
        connection.write(forwards)
        connection.flush()
        forwards = ByteBuffer()
    }

    private func send(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    private func writeOutput() {
        guard output.readableBytes > 0 else { return }
        send(output)
        output = ByteBuffer()
    }

    private func flushOutput() {
        writeOutput()
        referenced = 0
        context?.flush()
    }

    // MARK: The pinned connection

    /// A command is about to be forwarded: its fence goes up first.
    private func begin(_ relayed: RelayedCommand, now: UInt64) {
        loop.cache.raiseFence(ledger.forwarded(relayed, now: now))
        if relayed.change == .synchronize { intake = .tunnel }
    }

    /// The pinned connection, opened where there is none yet. A failure is told once.
    private func prepareRelay() -> Relay {
        switch relay {
        case .failed:
            defer { relay = .none }
            return relay
        case .none:
            relay = .connecting
            loop.openRelay().assumeIsolated().whenComplete { [self] result in
                relayOpened(result)
            }
        case .connecting, .open: break
        }
        return relay
    }

    private func relayOpened(_ result: Result<any Channel, any Error>) {
        do {
            let channel = try result.get()
            guard !isClosed else {
                channel.close(promise: nil)
                return
            }
            let connection = RelayConnection(receiver: self)
            try channel.pipeline.syncOperations.addHandler(connection)
            relay = .open(connection)
            connection.readMore()
        } catch {
            relay = .failed(error as? BackingError ?? .lost)
        }
        scheduleTurn()
    }
}

extension RESPSession: FillWaiter {
    func fillEnded(request: UInt64, outcome: FillOutcome) {
        if let started = reads.fillEnded(request: request, outcome: outcome) {
            loop.metrics.requestsEnded(
                .resp, .miss, outcome.metric, nanoseconds: MonotonicClock.now() &- started)
        }
        scheduleTurn()
    }
}

extension RESPSession: RelayReceiver {
    var matchesReplies: Bool { ledger.state.tracking == .byReply || ledger.state.tracking == .monitoring }
    var needsGlimpse: Bool { ledger.needsGlimpse }
    var takesMore: Bool { channel.isWritable || !channel.isActive }

    func replyBegins(type: UInt8) {
        for fence in ledger.replyBegins(type: type) { loop.cache.lowerFence(fence) }
    }

    func replyEnded(_ reply: ReplyGlimpse) {
        let ended = ledger.replyEnded(reply)
        for fence in ended.fences { loop.cache.lowerFence(fence) }
        guard let started = ended.started else { return }
        let now = relayReadTime ?? MonotonicClock.now()
        relayReadTime = now
        loop.metrics.requestsEnded(.resp, .relay, reply.isError ? .error : .ok, nanoseconds: now &- started)
    }

    func relayed(_ bytes: ByteBuffer) {
        writeOutput()
        send(bytes)
    }

    func relayReadCompleted() {
        relayReadTime = nil
        context?.flush()
        if ledger.wasReset, loop.configuration.trustsClients, case .open(let connection) = relay {
            // RESET has logged the connection out; a new one is logged in again, as a new client's would be.
            connection.close()
            relay = .none
        }
        ledger.wasReset = false
        process()
    }

    func relayBecameWritable() {
        process()
    }

    func relayEnded(error: BackingError?, isInsideReply: Bool) {
        let wasIdle = isIdle && intake == .commands && ledger.isReplaceable && !isInsideReply
        for fence in ledger.connectionEnded() { loop.cache.lowerFence(fence) }
        relay = .none
        if wasIdle, error == nil {
            // Nothing was on that connection that a new one would not have.
            process()
            return
        }
        if let error, !isInsideReply { answer(.error(error.message)) }
        flushOutput()
        close()
    }
}

extension BackingError {
    /// How the metrics count a request that failed with this.
    fileprivate var outcome: LoopMetrics.Outcome {
        switch code {
        case .unavailable: .unavailable
        case .timedOut: .timedOut
        case .protocolViolation, .server: .error
        }
    }
}

extension FillOutcome {
    fileprivate var metric: LoopMetrics.Outcome {
        if case .failure(let error) = self { error.outcome } else { .ok }
    }
}
