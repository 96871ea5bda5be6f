/// An HTTP response as it was received.
public struct HTTPResponse: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields in order, names in lower case.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]

    /// The body as text.
    public var text: String { String(decoding: self.body, as: UTF8.self) }

    /// The first field of a name, given in lower case.
    public subscript(_ name: String) -> String? { self.headers.first { $0.name == name }?.value }

    /// Parses a head, as it ends in an empty line, and attaches a body.
    public init(head: [UInt8], body: [UInt8]) throws {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw TestSupportError("not an HTTP response: '\(printable(head))'")
        }
        self.status = status
        self.headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (parts.first?.lowercased() ?? "", String(value))
        }
        self.body = body
    }
}

extension RawConnection {
    /// Reads one response: a body of `Content-Length`, chunked, or none.
    ///
    /// - Parameter toHead: the request was a `HEAD`, so there is no body whatever the head says.
    public func receiveHTTPResponse(toHead: Bool = false) throws -> HTTPResponse {
        let head = try self.receive(through: "\r\n\r\n")
        let bare = try HTTPResponse(head: head, body: [])
        if toHead || bare.status == 204 || bare.status == 304 || bare.status / 100 == 1 { return bare }
        if bare["transfer-encoding"]?.lowercased() == "chunked" {
            var body: [UInt8] = []
            while true {
                let line = String(decoding: try self.receive(through: "\r\n").dropLast(2), as: UTF8.self)
                guard let size = Int(line, radix: 16) else { throw TestSupportError("bad chunk size '\(line)'") }
                body.append(contentsOf: try self.receive(count: size + 2).dropLast(2))
                if size == 0 { return try HTTPResponse(head: head, body: body) }
            }
        }
        guard let length = bare["content-length"].flatMap({ Int($0) }) else {
            throw TestSupportError("neither a length nor chunks: '\(printable(head))'")
        }
        return try HTTPResponse(head: head, body: try self.receive(count: length))
    }

    /// Sends a `GET` and reads its response; the connection stays open.
    public func httpGet(_ target: String, headers: [String] = []) throws -> HTTPResponse {
        let lines = ["GET \(target) HTTP/1.1", "Host: localhost"] + headers
        try self.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try self.receiveHTTPResponse()
    }
}
