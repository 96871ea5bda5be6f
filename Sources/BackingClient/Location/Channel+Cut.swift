import NIOCore
import NIOSSL

extension Channel {
    /// Closes at once, without a word of TLS to the other side, which may not answer any more.
    func cut() {
        if self.eventLoop.inEventLoop { self.cutNow() } else { self.eventLoop.execute { self.cutNow() } }
    }

    private func cutNow() {
        guard let tls = try? self.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) else {
            return self.close(promise: nil)
        }
        tls.close(promise: nil)
    }
}
