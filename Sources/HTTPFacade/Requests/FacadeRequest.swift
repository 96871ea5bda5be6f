import NIOCore
import NIOHTTP1

/// A request whose head has been read, and what to do about it. A class, since it is passed on several times and has much to copy.
final class FacadeRequest {
    let head: HTTPRequestHead
    let fields: RequestFields

    init(_ head: HTTPRequestHead) {
        self.head = head
        fields = RequestFields(head.headers)
    }

    /// Told by its case: `==` compares the methods' names.
    var isGet: Bool { if case .GET = head.method { true } else { false } }
    var isHead: Bool { if case .HEAD = head.method { true } else { false } }
    private var isConnect: Bool { if case .CONNECT = head.method { true } else { false } }

    /// Whether another request may follow on the connection.
    ///
    /// The parser stops behind a request that asks for another protocol, so that one is the last.
    var isKeepAlive: Bool {
        head.isKeepAlive && !fields.hasUpgrade && !isConnect
    }

    /// What makes it uncertain where this request ends and the next begins, or whom it is for (RFC 9112, 3.2 and 6.3): always
    /// answered with an error and a close, so that nobody's body becomes somebody's request.
    func framingError() -> FacadeError? {
        if fields.hosts > 1 {
            return .badRequest("Host is given twice", closes: true)
        }
        if fields.hosts == 0 && head.version != .http1_0 {
            return .badRequest("an HTTP/1.1 request needs a Host", closes: true)
        }
        if fields.contentLengths > 1 {
            return .badRequest("Content-Length is given twice", closes: true)
        }
        if fields.hasTransferEncoding && fields.contentLength != nil {
            return .badRequest("Content-Length beside Transfer-Encoding", closes: true)
        }
        if fields.hasTransferEncoding && head.version == .http1_0 {
            return .badRequest("Transfer-Encoding in an HTTP/1.0 request", closes: true)
        }
        return nil
    }

    /// How a request goes on.
    enum Plan {
        /// The key's value is to be read, and given in this form.
        case read(Representation)
        case refuse(FacadeError)
    }

    /// Decides by the head alone.
    ///
    /// - Parameter key: Gets the key's bytes appended.
    func plan(configuration: HTTPConfiguration, key: inout ByteBuffer) -> Plan {
        guard isGet || isHead else { return .refuse(.methodNotAllowed) }
        guard head.uri.utf8.count <= configuration.targetLimit else {
            return .refuse(.targetTooLong(limit: configuration.targetLimit))
        }
        switch RequestTarget.parse(head.uri, into: &key) {
        case .key: break
        case .empty: return .refuse(.usage)
        case .invalid(let reason): return .refuse(.badRequest(reason))
        }
        guard fields.authorizations <= 1 else { return .refuse(.badRequest("Authorization is given twice")) }
        guard let representation = Representation.negotiate(fields.accept) else { return .refuse(.notAcceptable) }
        return .read(representation)
    }
}
