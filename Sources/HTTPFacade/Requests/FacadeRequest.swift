import NIOCore
import NIOHTTP1

/// A request whose head has been read, and what to do about it. A class, since it is passed on several times and has much to copy.
final class FacadeRequest {
    let head: HTTPRequestHead
    let fields: RequestFields
    /// Whom the request is for: the target of absolute form says it, or else `Host`. nil: nobody is named, or what is said is no host.
    let authority: Authority?
    private let hasBadHost: Bool
    private let hasBadTarget: Bool

    /// - Parameter lastHost: That of the connection.
    init(_ head: HTTPRequestHead, lastHost: inout LastHost) {
        self.head = head
        fields = RequestFields(head.headers)
        let host = fields.host.flatMap { lastHost.authority(of: $0) }
        hasBadHost = fields.host != nil && host == nil
        if let named = RequestTarget.authority(of: head.uri) {
            authority = Authority(named)
            hasBadTarget = authority == nil
        } else {
            authority = host
            hasBadTarget = false
        }
    }

    /// Told by its case: `==` compares the methods' names.
    var isGet: Bool { if case .GET = head.method { true } else { false } }
    var isHead: Bool { if case .HEAD = head.method { true } else { false } }
    private var isConnect: Bool { if case .CONNECT = head.method { true } else { false } }

    /// HTTP/1.0 knows no expectations.
    var expectation: RequestFields.Expectation { head.version == .http1_0 ? .nothing : fields.expectation }

    var preconditions: Preconditions { fields.preconditions }

    /// Whether the host is among `knownHosts`, or none is named, as HTTP/1.0 may do; no browser sends that.
    func isFor(_ knownHosts: borrowing KnownHosts) -> Bool {
        guard let authority else { return true }
        return knownHosts.include(authority)
    }

    /// Whether another request may follow on the connection.
    ///
    /// The parser stops behind a request that asks for another protocol, so that one is the last.
    var isKeepAlive: Bool {
        head.isKeepAlive && !fields.closes && !fields.hasUpgrade && !isConnect
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
        // `Host` must be right even where the target says whom the request is for.
        if hasBadHost {
            return .badRequest("Host is not a host", closes: true)
        }
        if hasBadTarget {
            return .badRequest("the request target names no host", closes: true)
        }
        if fields.contentLengths > 1 {
            return .badRequest("Content-Length is given twice", closes: true)
        }
        guard let coding = fields.transferCoding else { return nil }
        if fields.contentLength != nil {
            return .badRequest("Content-Length beside Transfer-Encoding", closes: true)
        }
        if head.version == .http1_0 {
            return .badRequest("Transfer-Encoding in an HTTP/1.0 request", closes: true)
        }
        return coding.error
    }

    /// How a request goes on.
    enum Plan {
        /// The key's value is to be read, and given in this form.
        case read(Representation)
        case refuse(FacadeError)
    }

    /// Decides by the head alone.
    ///
    /// - Parameters:
    ///   - targetLimit: See ``HTTPConfiguration/targetLimit``.
    ///   - key: Gets the key's bytes appended.
    func plan(targetLimit: Int, key: inout ByteBuffer) -> Plan {
        guard isGet || isHead else { return .refuse(.methodNotAllowed) }
        guard head.uri.utf8.count <= targetLimit else {
            return .refuse(.targetTooLong(limit: targetLimit))
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
