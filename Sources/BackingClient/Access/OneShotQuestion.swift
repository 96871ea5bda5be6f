/// What is asked of the server on a connection of its own, which is closed once it is answered.
protocol OneShotQuestion {
    associatedtype Answer: Sendable
    /// All of it goes out in one write, behind the log-in.
    var commands: [[[UInt8]]] { get }
    /// The longest reply that is understood, in bytes.
    static var replyLimit: Int { get }
    /// Replies to the log-in are none of it.
    mutating func received(_ reply: BackingReply) -> OneShotProgress<Answer>
    /// The log-in was refused, in those words of the server's.
    func wasRefused(_ text: [UInt8]) -> OneShotProgress<Answer>
}

extension OneShotQuestion {
    /// Whom the server does not let in cannot ask.
    func wasRefused(_ text: [UInt8]) -> OneShotProgress<Answer> { .failed(.server(text)) }
}

/// What a reply to a ``OneShotQuestion`` means.
enum OneShotProgress<Answer> {
    case goesOn
    /// To be sent now.
    case asks([[UInt8]])
    case answered(Answer)
    /// The server could not be asked.
    case failed(BackingError)
}

extension OneShotProgress: Equatable where Answer: Equatable {}
