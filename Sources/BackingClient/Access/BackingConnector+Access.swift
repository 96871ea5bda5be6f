import NIOCore
import Time

extension BackingConnector {
    /// What the server says to somebody new.
    public enum Access: Sendable, Equatable {
        /// It lets them in.
        case granted
        /// The server's error text without the leading `-` (`NOAUTH …`, `WRONGPASS …`).
        case refused([UInt8])
    }

    /// Asks the server on a connection of its own, closed afterwards, whether `credentials` (nil: none at all) would be let in:
    /// `AUTH` if there are any, then `PING`. Fails with ``BackingError`` when the server cannot be asked.
    ///
    /// It takes no longer than the connect time-out and the command time-out together. An error that is not about who asks
    /// (`LOADING`, too many clients) is a failure, not a refusal.
    public func checkAccess(_ credentials: BackingCredentials?, on eventLoop: any EventLoop) -> EventLoopFuture<Access>
    {
        let question = AccessQuestion(isLoggedIn: credentials != nil, address: self.configuration.address)
        return self.ask(question, as: credentials, within: self.configuration.commandTimeout, on: eventLoop)
    }

    /// Asks on a connection of its own, closed afterwards. Fails with ``BackingError``.
    ///
    /// - Parameter credentials: nil: nobody logs in.
    func ask<Question: OneShotQuestion & Sendable>(
        _ question: Question, as credentials: BackingCredentials?, within limit: TimeSpan, on eventLoop: any EventLoop
    ) -> EventLoopFuture<Question.Answer> {
        let configuration = self.configuration
        return self.connect(on: eventLoop).flatMap { channel in
            let promise = eventLoop.makePromise(of: Question.Answer.self)
            do {
                try channel.addToConnected(
                    OneShotHandler(
                        question, behind: LogIn(credentials), to: configuration, within: limit, promise: promise))
            } catch {
                channel.close(promise: nil)
                promise.fail(BackingError.closedConnection(configuration.address))
            }
            return promise.futureResult
        }
    }
}
