/// The real `curl`, so that what the tests promise is what users get.
public struct HTTPClient: Sendable {
    private let port: Int

    /// A client of the HTTP server at a loopback port.
    public init(port: Int) {
        self.port = port
    }

    /// Requests a target, sent exactly as given.
    public func request(
        _ target: String, method: String? = nil, headers: [String] = [], user: String? = nil, body: [UInt8]? = nil
    ) throws -> HTTPResponse {
        var arguments = ["-sS", "-i", "--http1.1", "--path-as-is", "--globoff", "--max-time", "30"]
        if method == "HEAD" { arguments += ["--head"] } else if let method { arguments += ["-X", method] }
        for header in headers { arguments += ["-H", header] }
        if let user { arguments += ["-u", user] }
        if body != nil { arguments += ["--data-binary", "@-", "-H", "Expect:"] }
        let authority = try TLSRun.authority(port: self.port)
        if let authority { arguments += ["--cacert", authority] }
        arguments.append("\(authority == nil ? "http" : "https")://127.0.0.1:\(self.port)\(target)")
        let result = try run("curl", arguments, input: body ?? [])
        guard result.ending == .exited(0) else { throw TestSupportError("curl \(target): \(result.errors)") }
        let bytes = result.outputBytes
        let separator: [UInt8] = [13, 10, 13, 10]
        guard let end = (0..<min(bytes.count, 1 << 16)).first(where: { bytes[$0...].starts(with: separator) }) else {
            throw TestSupportError("curl \(target): no end of the head in '\(printable(bytes))'")
        }
        return try HTTPResponse(head: Array(bytes[..<(end + 4)]), body: Array(bytes[(end + 4)...]))
    }

    /// `GET`s a target.
    public func get(_ target: String, headers: [String] = [], user: String? = nil) throws -> HTTPResponse {
        try self.request(target, headers: headers, user: user)
    }
}
