import BackingClient
import NIOHTTP1

/// An answer that is not a value: a status and a message for a person.
struct FacadeError: Error, Equatable {
    var status: HTTPResponseStatus
    /// Never shows a value or a password.
    var message: String
    /// Header fields beyond those that every response has.
    var fields: [Field] = []
    /// Whether the connection cannot be used after it: where the next request begins is not certain, or not worth waiting for.
    var closes = false

    struct Field: Equatable {
        var name: String
        var value: String
    }
}

// What is wrong with the request.
extension FacadeError {
    static func badRequest(_ message: String, closes: Bool = false) -> FacadeError {
        FacadeError(status: .badRequest, message: message, closes: closes)
    }

    static let usage = FacadeError.badRequest(
        "usage: GET /{key} gives the value of a key; percent-encode the key's special bytes; Accept: application/json, "
            + "application/octet-stream or text/plain chooses the form")

    static let methodNotAllowed = FacadeError(
        status: .methodNotAllowed, message: "only GET and HEAD are served here",
        fields: [Field(name: "Allow", value: "GET, HEAD")])

    static let notAcceptable = FacadeError(
        status: .notAcceptable,
        message: "no form that Accept allows; there are application/json, application/octet-stream and text/plain")

    static func tooLongForJSON(limit: Int) -> FacadeError {
        FacadeError(
            status: .notAcceptable,
            message: "the value is longer than \(limit) bytes and is not given as JSON; "
                + "ask for the raw bytes with Accept: application/octet-stream")
    }

    static func bodyTooLong(limit: Int) -> FacadeError {
        FacadeError(
            status: .payloadTooLarge,
            message: "a request needs no body, and at most \(limit) bytes of one are read past",
            closes: true)
    }

    static func targetTooLong(limit: Int) -> FacadeError {
        FacadeError(status: .uriTooLong, message: "the request target is longer than \(limit) bytes")
    }

    static let expectationFailed = FacadeError(
        status: .expectationFailed, message: "the only expectation that can be met is 100-continue", closes: true)

    static let unknownTransferCoding = FacadeError(
        status: .notImplemented, message: "the only Transfer-Encoding that is understood is chunked", closes: true)

    static let preconditionFailed = FacadeError(
        status: .preconditionFailed, message: "the value is none of those that If-Match names")

    /// What the HTTP parser stumbled over.
    static func unparsable(_ error: any Error, configuration: HTTPConfiguration) -> FacadeError {
        switch error as? HTTPParserError {
        case .headerOverflow:
            FacadeError(
                status: .requestHeaderFieldsTooLarge,
                message: "the request head is longer than \(configuration.headLimit) bytes "
                    + "or has more than \(configuration.headerCountLimit) fields",
                closes: true)
        case .invalidVersion:
            FacadeError(
                status: .httpVersionNotSupported, message: "only HTTP/1.0 and HTTP/1.1 are spoken here", closes: true)
        case .invalidMethod:
            .badRequest("the request line does not begin with a method", closes: true)
        case .invalidURL:
            .badRequest("the request target holds a byte that must be percent-encoded", closes: true)
        case .invalidContentLength, .unexpectedContentLength:
            .badRequest("Content-Length is wrong, given twice, or stands beside Transfer-Encoding", closes: true)
        case .invalidEOFState:
            .badRequest("the request ended before it was complete", closes: true)
        default:
            .badRequest("the request is not HTTP/1.1", closes: true)
        }
    }
}

// Who may not, or not now.
extension FacadeError {
    static func unauthenticated(_ message: String) -> FacadeError {
        FacadeError(
            status: .unauthorized, message: message,
            fields: [Field(name: "WWW-Authenticate", value: "Basic realm=\"redis-proxy\", charset=\"UTF-8\"")])
    }

    static let misdirected = FacadeError(
        status: .misdirectedRequest,
        message:
            "Host is none that is known here: while PROTECTED_MODE is on and Redis needs no password, it must be an IP "
            + "address, localhost, the name in PROXY_HOST, or one of those in HTTP_ALLOWED_HOSTS")

    static let forbidden = FacadeError(
        status: .forbidden, message: "these credentials are another user's than the one whose values are served here")

    static func tooManyRequests(maxClients: Int) -> FacadeError {
        FacadeError(
            status: .tooManyRequests, message: "too many requests at once: MAX_CLIENTS is \(maxClients)",
            fields: [retryAfter])
    }

    static let retryAfter = Field(name: "Retry-After", value: "1")
}

// What the backing said, or did not.
extension FacadeError {
    init(_ error: BackingError) {
        let message = String(decoding: error.message, as: UTF8.self)
        switch error.code {
        case .unavailable:
            self.init(status: .serviceUnavailable, message: message, fields: [Self.retryAfter])
        case .timedOut:
            self.init(status: .gatewayTimeout, message: message)
        case .protocolViolation:
            self.init(status: .badGateway, message: message)
        case .server:
            self.init(serverText: message)
        }
    }

    /// - Parameter serverText: The server's error, whose first word tells its kind.
    private init(serverText: String) {
        switch serverText.prefix(while: { $0 != " " }) {
        case "WRONGTYPE": self.init(status: .conflict, message: serverText)
        case "NOAUTH", "WRONGPASS": self = .unauthenticated(serverText)
        case "NOPERM": self.init(status: .forbidden, message: serverText)
        case "LOADING", "BUSY", "MASTERDOWN":
            self.init(status: .serviceUnavailable, message: serverText, fields: [Self.retryAfter])
        default: self.init(status: .badGateway, message: serverText)
        }
    }
}

extension FacadeError {
    static let largeValueLost = FacadeError(status: .badGateway, message: "the value broke off")

    init(unknown error: any Error) {
        if let error = error as? BackingError {
            self.init(error)
        } else {
            self.init(status: .badGateway, message: "the backing could not be asked")
        }
    }
}
