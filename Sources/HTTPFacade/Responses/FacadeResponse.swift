import NIOCore
import NIOHTTP1
import Time

/// A response as it is decided, before it meets a connection (which adds `Connection` and `Date`, and leaves out the body for `HEAD`).
struct FacadeResponse {
    let status: HTTPResponseStatus
    /// The status line and the header fields as they are sent, but for those that the connection adds, the empty line, and the line end
    /// before them.
    private(set) var head: ByteBuffer
    /// nil = none, or one that is streamed.
    private(set) var body: ByteBuffer?
    /// nil where the cache had no part in it.
    let cache: CacheOutcome?

    /// Gives the head away, so that it can be written to without being copied.
    mutating func takeHead() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &head)
        return taken
    }

    /// Where a value came from, and how old it is there.
    enum Origin {
        /// From the cache, added there so long ago.
        case hit(age: TimeSpan)
        /// From before the backing went away.
        case stale(age: TimeSpan)
        case miss
    }

    /// - Parameter memory: Used for the head, and taken away.
    private init(status: HTTPResponseStatus, cache: CacheOutcome?, memory: inout ByteBuffer) {
        self.status = status
        self.cache = cache
        head = ByteBuffer()
        swap(&head, &memory)
        // For a short body too.
        head.reserveCapacity(512)
        switch (status, cache) {
        case (.ok, .hit): head.writeImmutableBuffer(Self.beginOfHit)
        case (.ok, .miss): head.writeImmutableBuffer(Self.beginOfMiss)
        default: head.writeString(Self.begin(status, cache))
        }
    }

    /// The status line, what every response has, and `X-Cache`.
    private static func begin(_ status: HTTPResponseStatus, _ cache: CacheOutcome?) -> String {
        let begin =
            "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
            + "Cache-Control: no-cache\r\nVary: Accept, Authorization\r\nX-Content-Type-Options: nosniff"
        return switch cache {
        case .hit: begin + "\r\nX-Cache: HIT"
        case .stale: begin + "\r\nX-Cache: STALE"
        case .miss: begin + "\r\nX-Cache: MISS"
        case nil: begin
        }
    }

    // Nearly all responses, as one piece: each piece costs as much as the bytes of several.
    private static let beginOfHit = ByteBuffer(string: begin(.ok, .hit))
    private static let beginOfMiss = ByteBuffer(string: begin(.ok, .miss))

    private init(status: HTTPResponseStatus, cache: CacheOutcome?) {
        var memory = ByteBuffer()
        self.init(status: status, cache: cache, memory: &memory)
    }

    /// An error's response: a JSON body with its message.
    init(_ error: FacadeError) {
        self.init(status: error.status, cache: nil)
        for field in error.fields { head.writeString("\r\n\(field.name): \(field.value)") }
        var message = error.message
        var document = ByteBuffer()
        document.writeStaticString("{\"error\":")
        message.withUTF8 { _ = JSONWriter.writeString(UnsafeRawBufferPointer($0), into: &document) }
        document.writeStaticString("}")
        setBody(document, fields: Self.jsonFields)
    }

    private static let jsonFields: StaticString = "\r\nContent-Type: application/json\r\nContent-Length: "

    /// The response for a key that does not exist.
    static func absent(_ preconditions: Preconditions) -> FacadeResponse {
        if case .failed = preconditions.verdictOfAbsent { return FacadeResponse(.preconditionFailed) }
        return FacadeResponse(status: .noContent, cache: .miss)
    }

    /// The response for a value, or 304 where the client has it, 412 where it wants another one, or 406 where it is too long for the form
    /// chosen.
    ///
    /// - Parameters:
    ///   - document: Memory for the JSON form, if that is chosen.
    ///   - memory: For the head, which takes it away.
    static func value(
        _ value: ByteBuffer, of key: ByteBuffer, as representation: Representation, from origin: Origin,
        if preconditions: Preconditions, jsonLimit: Int, document: inout ByteBuffer, memory: inout ByteBuffer
    ) -> FacadeResponse {
        if representation == .json && value.readableBytes > jsonLimit {
            return FacadeResponse(.tooLongForJSON(limit: jsonLimit))
        }
        let tag = EntityTag.make(value: value, representation: representation)
        let notModified: Bool
        switch preconditions.verdict(tag: tag) {
        case .holds: notModified = false
        case .notModified: notModified = true
        case .failed: return FacadeResponse(.preconditionFailed)
        }
        var response = FacadeResponse(status: notModified ? .notModified : .ok, origin: origin, memory: &memory)
        response.head.writeStaticString("\r\nETag: ")
        response.head.writeString(tag)
        guard !notModified else { return response }
        switch representation {
        case .json:
            ValueDocument.encode(key: key, value: value, into: &document)
            response.setBody(document, fields: Self.jsonFields)
        case .octetStream:
            response.setBody(value, type: "application/octet-stream")
        case .text:
            let isUTF8 = value.withUnsafeReadableBytes { JSONWriter.isUTF8($0) }
            response.setBody(value, type: isUTF8 ? "text/plain; charset=utf-8" : "text/plain")
        }
        return response
    }

    /// The head of a response whose raw value is streamed past the cache; it has no entity tag, since the value is not known yet.
    static func streamed(
        length: Int, as representation: Representation, if preconditions: Preconditions
    ) -> FacadeResponse {
        let notModified: Bool
        switch preconditions.verdict(tag: nil) {
        case .holds: notModified = false
        case .notModified: notModified = true
        case .failed: return FacadeResponse(.preconditionFailed)
        }
        var memory = ByteBuffer()
        var response = FacadeResponse(status: notModified ? .notModified : .ok, origin: .miss, memory: &memory)
        if !notModified {
            response.setBody(length: length, type: representation.mediaType)
        }
        return response
    }

    private init(status: HTTPResponseStatus, origin: Origin, memory: inout ByteBuffer) {
        switch origin {
        case .hit(let age):
            self.init(status: status, cache: .hit, memory: &memory)
            writeAge(age)
        case .stale(let age):
            self.init(status: status, cache: .stale, memory: &memory)
            writeAge(age)
        case .miss:
            self.init(status: status, cache: .miss, memory: &memory)
        }
    }

    private mutating func writeAge(_ age: TimeSpan) {
        head.writeStaticString("\r\nAge: ")
        head.writeDecimal(UInt64(max(0, age.seconds)))
    }

    private mutating func setBody(_ body: ByteBuffer, type: StaticString) {
        setBody(length: body.readableBytes, type: type)
        self.body = body
    }

    private mutating func setBody(_ body: ByteBuffer, fields: StaticString) {
        head.writeStaticString(fields)
        head.writeDecimal(UInt64(body.readableBytes))
        self.body = body
    }

    private mutating func setBody(length: Int, type: StaticString) {
        head.writeStaticString("\r\nContent-Type: ")
        head.writeStaticString(type)
        head.writeStaticString("\r\nContent-Length: ")
        head.writeDecimal(UInt64(clamping: length))
    }
}
