import NIOCore
import NIOHTTP1

/// A response as it is decided, before it meets a connection (which adds `Connection` and `Date`, and leaves out the body for `HEAD`).
struct FacadeResponse {
    let status: HTTPResponseStatus
    /// The status line and the header fields as they are sent, but for those that the connection adds and the empty line.
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
        /// From the cache; the age is in nanoseconds.
        case hit(age: UInt64)
        /// From before the backing went away; the age is in nanoseconds.
        case stale(age: UInt64)
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
        if case .ok = status {
            head.writeStaticString("HTTP/1.1 200 OK")
        } else {
            head.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)")
        }
        head.writeStaticString(
            "\r\nCache-Control: no-cache\r\nVary: Accept, Authorization\r\nX-Content-Type-Options: nosniff\r\n")
    }

    private init(status: HTTPResponseStatus, cache: CacheOutcome?) {
        var memory = ByteBuffer()
        self.init(status: status, cache: cache, memory: &memory)
    }

    /// An error's response: a JSON body with its message.
    init(_ error: FacadeError) {
        self.init(status: error.status, cache: nil)
        for field in error.fields { head.writeString("\(field.name): \(field.value)\r\n") }
        var message = error.message
        var document = ByteBuffer()
        document.writeStaticString("{\"error\":")
        message.withUTF8 { _ = JSONWriter.writeString(UnsafeRawBufferPointer($0), into: &document) }
        document.writeStaticString("}")
        setBody(document, fields: Self.jsonFields)
    }

    /// Up to the length, as one piece: each costs as much as the bytes of several.
    private static let jsonFields: StaticString = "Content-Type: application/json\r\nContent-Length: "

    /// The response for a key that does not exist.
    static var absent: FacadeResponse {
        var response = FacadeResponse(status: .noContent, cache: .miss)
        response.head.writeStaticString("X-Cache: MISS\r\n")
        return response
    }

    /// The response for a value, or 304 where the client has it, or 406 where it is too long for the form chosen.
    ///
    /// - Parameters:
    ///   - document: Memory for the JSON form, if that is chosen.
    ///   - memory: For the head, which takes it away.
    static func value(
        _ value: ByteBuffer, of key: ByteBuffer, as representation: Representation, from origin: Origin,
        ifNoneMatch: String?, jsonLimit: Int, document: inout ByteBuffer, memory: inout ByteBuffer
    ) -> FacadeResponse {
        if representation == .json && value.readableBytes > jsonLimit {
            return FacadeResponse(.tooLongForJSON(limit: jsonLimit))
        }
        let tag = EntityTag.make(value: value, representation: representation)
        let notModified = ifNoneMatch.map { EntityTag.matches(ifNoneMatch: $0, tag: tag) } ?? false
        var response = FacadeResponse(status: notModified ? .notModified : .ok, origin: origin, memory: &memory)
        response.head.writeStaticString("\r\nETag: ")
        response.head.writeString(tag)
        response.head.writeStaticString("\r\n")
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
    static func streamed(length: Int, as representation: Representation, ifNoneMatch: String?) -> FacadeResponse {
        let notModified = ifNoneMatch.map { EntityTag.matches(ifNoneMatch: $0, tag: nil) } ?? false
        var memory = ByteBuffer()
        var response = FacadeResponse(status: notModified ? .notModified : .ok, origin: .miss, memory: &memory)
        response.head.writeStaticString("\r\n")
        if !notModified {
            response.setBody(length: length, type: representation.mediaType)
        }
        return response
    }

    /// The caller ends the last field's line.
    private init(status: HTTPResponseStatus, origin: Origin, memory: inout ByteBuffer) {
        switch origin {
        case .hit(let age):
            self.init(status: status, cache: .hit, memory: &memory)
            head.writeStaticString("X-Cache: HIT\r\nAge: ")
            head.writeString(String(age / 1_000_000_000))
        case .stale(let age):
            self.init(status: status, cache: .stale, memory: &memory)
            head.writeStaticString("X-Cache: STALE\r\nAge: ")
            head.writeString(String(age / 1_000_000_000))
        case .miss:
            self.init(status: status, cache: .miss, memory: &memory)
            head.writeStaticString("X-Cache: MISS")
        }
    }

    private mutating func setBody(_ body: ByteBuffer, type: StaticString) {
        setBody(length: body.readableBytes, type: type)
        self.body = body
    }

    private mutating func setBody(_ body: ByteBuffer, fields: StaticString) {
        head.writeStaticString(fields)
        endFields(length: body.readableBytes)
        self.body = body
    }

    private mutating func setBody(length: Int, type: StaticString) {
        head.writeStaticString("Content-Type: ")
        head.writeStaticString(type)
        head.writeStaticString("\r\nContent-Length: ")
        endFields(length: length)
    }

    private mutating func endFields(length: Int) {
        head.writeString(String(length))
        head.writeStaticString("\r\n")
    }
}
