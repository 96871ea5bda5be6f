import NIOCore

/// Stands behind the TLS handler of a connection, on either side, and makes of its writes what they are over TCP.
///
/// The TLS handler encrypts what was written when it is flushed, all of it. Until then the channel knows nothing of it and counts as writable,
/// however much was written; and from then on all of it lies there once more, encrypted, for as long as the other side does not take it. So much
/// is encrypted as soon as it is written, in pieces and only while the channel is writable; what is left stays what it was, which for a value of the
/// cache is no copy.
final class OutboundPacer: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a piece is that is encrypted, and how much may be written without that the channel knows of it. Both may be encrypted with one flush.
    /// Encrypted, a piece fits in 64 KiB: memory for it comes in powers of two.
    static let pieceLength = 64_000

    private enum Waiting {
        case write(ByteBuffer, EventLoopPromise<Void>?)
        case closeOutput(EventLoopPromise<Void>?)
    }

    private var waiting = CircularBuffer<Waiting>()
    /// Passed on and not flushed.
    private var unflushed = 0
    private var isPassingOn = false
    /// What those behind have last been told, or found.
    private var isToldWritable = true

    func handlerAdded(context: ChannelHandlerContext) { isToldWritable = context.channel.isWritable }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data)
        let (total, overflow) = unflushed.addingReportingOverflow(bytes.readableBytes)
        if waiting.isEmpty, !overflow, total < Self.pieceLength {
            unflushed = total
            return context.write(data, promise: promise)
        }
        waiting.append(.write(bytes, promise))
        passOn(context)
        tell(context)
    }

    func flush(context: ChannelHandlerContext) {
        unflushed = 0
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output where !waiting.isEmpty:
            waiting.append(.closeOutput(promise))
        case .output, .input:
            context.close(mode: mode, promise: promise)
        case .all:
            drop(.ioOnClosedChannel)
            context.close(mode: mode, promise: promise)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard !isPassingOn else { return }
        passOn(context)
        tell(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        drop(.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { drop(.ioOnClosedChannel) }

    /// Afterwards nothing waits, or the channel is not writable.
    private func passOn(_ context: ChannelHandlerContext) {
        guard !isPassingOn else { return }
        isPassingOn = true
        while context.channel.isWritable, let next = waiting.popFirst() {
            switch next {
            case .write(var bytes, let promise):
                if bytes.readableBytes > Self.pieceLength, let piece = bytes.readSlice(length: Self.pieceLength) {
                    waiting.prepend(.write(bytes, promise))
                    context.write(wrapOutboundOut(piece), promise: nil)
                } else {
                    context.write(wrapOutboundOut(bytes), promise: promise)
                }
                unflushed = 0
                context.flush()
            case .closeOutput(let promise):
                context.close(mode: .output, promise: promise)
            }
        }
        isPassingOn = false
    }

    private func tell(_ context: ChannelHandlerContext) {
        guard !isPassingOn, context.channel.isWritable != isToldWritable else { return }
        isToldWritable.toggle()
        context.fireChannelWritabilityChanged()
    }

    private func drop(_ error: ChannelError) {
        while let next = waiting.popFirst() {
            switch next {
            case .write(_, let promise), .closeOutput(let promise): promise?.fail(error)
            }
        }
    }
}
