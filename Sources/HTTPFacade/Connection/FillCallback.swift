import NIOCore
import RESPProxy

/// Carries the end of a fill to a connection's handler, which itself must stay on its event loop.
final class FillCallback: FillWaiter {
    let eventLoop: any EventLoop
    private let handler: NIOLoopBoundBox<HTTPFacadeHandler?>

    init(eventLoop: any EventLoop, handler: HTTPFacadeHandler) {
        self.eventLoop = eventLoop
        self.handler = NIOLoopBoundBox(handler, eventLoop: eventLoop)
    }

    func fillEnded(request: UInt64, outcome: FillOutcome, isNewerThanCache: Bool) {
        handler.value?.fillEnded(request: request, outcome: outcome, isNewerThanCache: isNewerThanCache)
    }

    /// Lets go of the handler; a fill still under way then ends unheard.
    func detach() {
        handler.value = nil
    }
}
