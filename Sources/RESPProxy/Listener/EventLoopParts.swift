import NIOCore

/// The parts of one event loop, for its listeners.
public struct EventLoopParts {
    let loop: ProxyLoop
    /// Takes the HTTP connections; nil = everything is RESP.
    let httpSide: (any HTTPSide)?
}

/// Who has the parts of all event loops.
public protocol EventLoopPartsSource: Sendable {
    /// To be called on the event loop.
    func parts(of eventLoop: any EventLoop) -> EventLoopParts
}
