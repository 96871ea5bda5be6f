/// What is asked of the server on a connection of its own, which is closed once it is answered.
protocol OneShotQuestion {
    associatedtype Answer: Sendable
    /// All of it goes out in one write.
    var commands: [[[UInt8]]] { get }
    /// The longest reply that is understood, in bytes.
    static var replyLimit: Int { get }
    mutating func received(_ reply: BackingReply) -> OneShotProgress<Answer>
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
