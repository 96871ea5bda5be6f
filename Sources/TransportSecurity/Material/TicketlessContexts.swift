import NIOSSL
import Synchronization

/// Contexts under which no session is resumed.
///
/// Each context has keys of its own for the tickets that it gives out, and gives them out when a handshake ends. So one context serves all
/// connections until the first of them has got that far, and the next connection begins under another. To make one takes the event loop as long as a
/// good part of a handshake, with all authorities of a system longer than the handshake itself; of a thousand connections that come at once, or
/// never end their handshakes, few pay for it.
///
/// Who begins a connection first, and then ends a handshake on another, could resume that session on the first, for as long as a handshake may take.
final class TicketlessContexts: Sendable {
    private struct Current {
        /// What it was made like: once the files have changed, that is another.
        var origin: NIOSSLContext
        var context: NIOSSLContext
    }

    private let source: TLSContextSource
    private let current = Mutex<Current?>(nil)

    init(_ source: TLSContextSource) {
        self.source = source
    }

    /// For a connection that begins now.
    func take() throws -> NIOSSLContext {
        try self.current.withLock { current in
            let origin = self.source.context
            if let current, current.origin === origin { return current.context }
            let context = try NIOSSLContext(configuration: origin.configuration)
            current = Current(origin: origin, context: context)
            return context
        }
    }

    /// A handshake under it has ended: there may be a ticket.
    func retire(_ context: NIOSSLContext) {
        self.current.withLock { current in
            if current?.context === context { current = nil }
        }
    }
}
