import DequeModule
import NIOHTTP1

/// The requests of one connection: received a part at a time, served one after another.
///
/// Knows no socket: events go in, and ``next()`` says what to do. Legal order: after ``next()`` gave out a request or a refusal,
/// ``responseEnded(keepAlive:)`` must come before it gives out another.
struct RequestQueue {
    enum Action {
        case serve(FacadeRequest)
        /// Answer with this error, and close.
        case refuse(FacadeError, isHead: Bool)
        /// The client waits to be told to send its body.
        case sendContinue
        /// Nothing to do until more was read.
        case read
        /// The client has sent its last and has all its responses.
        case close
        /// Nothing to do: a response is under way, or the last one has been given.
        case wait
    }

    private enum Item {
        case request(FacadeRequest)
        case refusal(FacadeError, isHead: Bool)
    }

    private let configuration: HTTPConfiguration
    private var waiting = Deque<Item>()
    /// The request whose body is still coming.
    private var incoming: FacadeRequest?
    private var bodyLength = 0
    private var lastHost = LastHost()
    private var owesContinue = false
    /// False once a request was the last or cannot be understood: what follows is not looked at.
    private var accepts = true
    private(set) var inputClosed = false
    private var isShuttingDown = false
    private(set) var isServing = false
    /// The last response has been given.
    private(set) var isFinished = false

    init(configuration: HTTPConfiguration) {
        self.configuration = configuration
    }

    mutating func receiveHead(_ head: HTTPRequestHead) {
        guard accepts else { return }
        let request = FacadeRequest(head, lastHost: &lastHost)
        let isHead = request.isHead
        if let error = request.framingError() {
            return refuse(error, isHead: isHead)
        }
        if let length = request.fields.contentLength, length > configuration.bodyLimit {
            return refuse(.bodyTooLong(limit: configuration.bodyLimit), isHead: isHead)
        }
        switch request.expectation {
        case .nothing:
            break
        case .somethingElse:
            return refuse(.expectationFailed, isHead: isHead)
        case .interimResponse where request.fields.announcesBody:
            guard request.isGet || isHead else {
                var error = FacadeError.methodNotAllowed
                error.closes = true
                return refuse(error, isHead: false)
            }
            owesContinue = true
        case .interimResponse:
            break
        }
        incoming = request
        bodyLength = 0
    }

    mutating func receiveBody(length: Int) {
        guard accepts, let incoming else { return }
        // The client sends already, so it does not wait to be asked.
        owesContinue = false
        bodyLength += length
        if bodyLength > configuration.bodyLimit {
            refuse(.bodyTooLong(limit: configuration.bodyLimit), isHead: incoming.isHead)
        }
    }

    mutating func receiveEnd() {
        guard accepts, let request = incoming else { return }
        incoming = nil
        owesContinue = false
        accepts = request.isKeepAlive
        waiting.append(.request(request))
    }

    /// The parser gave up; there will be no more requests.
    mutating func parserFailed(_ error: any Error) {
        guard accepts else { return }
        let isHead = incoming?.isHead == true
        refuse(.unparsable(error, configuration: configuration), isHead: isHead)
    }

    /// The client will send nothing more, and may still be waiting for responses.
    mutating func receiveInputClosed() {
        inputClosed = true
    }

    /// The process is to stop: what has been received is answered, and nothing more is read.
    mutating func receiveShutdown() {
        isShuttingDown = true
        accepts = false
    }

    /// Whether nothing follows what is being served, whatever the client would like.
    var isLast: Bool {
        isShuttingDown && waiting.isEmpty
    }

    /// The response to what ``next()`` gave out last is complete.
    mutating func responseEnded(keepAlive: Bool) {
        isServing = false
        if !keepAlive {
            isFinished = true
            accepts = false
            waiting.removeAll()
        }
    }

    mutating func next() -> Action {
        guard !isServing && !isFinished else { return .wait }
        if let item = waiting.popFirst() {
            isServing = true
            switch item {
            case .request(let request): return .serve(request)
            case .refusal(let error, let isHead): return .refuse(error, isHead: isHead)
            }
        }
        if owesContinue {
            owesContinue = false
            return .sendContinue
        }
        guard !inputClosed && !isShuttingDown else {
            isFinished = true
            return .close
        }
        return .read
    }

    private mutating func refuse(_ error: FacadeError, isHead: Bool) {
        accepts = false
        incoming = nil
        owesContinue = false
        waiting.append(.refusal(error, isHead: isHead))
    }
}
