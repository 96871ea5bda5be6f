import DequeModule
import NIOCore

/// Lets one read's worth of bytes through for each `read()`, and holds back what comes beyond it.
///
/// The parser behind it makes requests of whatever it is given, and a parsed request is many times as large as its bytes. NIO
/// reads several times for one `read()`, and all that there is once the client has closed its side; here that stays bytes.
final class HTTPReadGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var held = Deque<ByteBuffer>()
    private var trailingTabs = TrailingTabs()
    private var heldInputClosed = false
    /// Starts open: the first bytes were read before this handler was added.
    private var isOpen = true
    private var passedBytes = false
    private var isReleasing = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen && held.isEmpty else {
            held.append(unwrapInboundIn(data))
            return
        }
        isOpen = false
        passedBytes = true
        let bytes = unwrapInboundIn(data)
        context.fireChannelRead(wrapInboundOut(trailingTabs.replace(in: bytes) ?? bytes))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard passedBytes else { return }
        passedBytes = false
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        isOpen = true
        if held.isEmpty && !heldInputClosed {
            context.read()
        } else {
            release(context: context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !held.isEmpty, case .inputClosed? = event as? ChannelEvent {
            heldInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Passes held bytes on while they are asked for. The handler behind asks again from inside; the loop here answers that.
    private func release(context: ChannelHandlerContext) {
        guard !isReleasing else { return }
        isReleasing = true
        while isOpen, let bytes = held.popFirst() {
            isOpen = false
            passedBytes = false
            context.fireChannelRead(wrapInboundOut(trailingTabs.replace(in: bytes) ?? bytes))
            context.fireChannelReadComplete()
        }
        isReleasing = false
        guard isOpen && held.isEmpty else { return }
        if heldInputClosed {
            heldInputClosed = false
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else {
            context.read()
        }
    }
}
