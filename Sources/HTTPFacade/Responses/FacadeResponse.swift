import NIOCore
import NIOHTTP1

/// A response as it is decided, before it meets a connection (which adds `Connection` and `Date`, and leaves out the body for `HEAD`).
struct FacadeResponse {
    var status: HTTPResponseStatus
    var fields: [(String, String)]
    /// nil = none, or one that is streamed.
    var body: ByteBuffer?
    /// nil where the cache had no part in it.
    var cache: CacheOutcome?

    /// Where a value came from, and how old it is there.
    enum Origin {
        /// From the cache; the age is in nanoseconds.
        case hit(age: UInt64)
        /// From before the backing went away; the age is in nanoseconds.
        case stale(age: UInt64)
        case miss
    }

    private init(status: HTTPResponseStatus, cache: CacheOutcome?) {
        self.status = status
        self.cache = cache
        fields = []
        fields.reserveCapacity(12)
        fields.append(("Cache-Control", "no-cache"))
        fields.append(("Vary", "Accept, Authorization"))
        fields.append(("X-Content-Type-Options", "nosniff"))
    }

    /// An error's response: a JSON body with its message.
    init(_ error: FacadeError, allocator: ByteBufferAllocator) {
        self.init(status: error.status, cache: nil)
        for field in error.fields { fields.append((field.name, field.value)) }
        var message = error.message
        var document = allocator.buffer(capacity: message.utf8.count + 16)
        document.writeStaticString("{\"error\":")
        message.withUTF8 { _ = JSONWriter.writeString(UnsafeRawBufferPointer($0), into: &document) }
        document.writeStaticString("}")
        setBody(document, type: "application/json")
    }

    /// The response for a key that does not exist.
    static var absent: FacadeResponse {
        var response = FacadeResponse(status: .noContent, cache: .miss)
        response.fields.append(("X-Cache", "MISS"))
        return response
    }

    /// The response for a value, or 304 where the client has it, or 406 where it is too long for the form chosen.
    static func value(
        _ value: ByteBuffer, of key: ByteBuffer, as representation: Representation, from origin: Origin,
        ifNoneMatch: String?, jsonLimit: Int, allocator: ByteBufferAllocator
    ) -> FacadeResponse {
        if representation == .json && value.readableBytes > jsonLimit {
            return FacadeResponse(.tooLongForJSON(limit: jsonLimit), allocator: allocator)
        }
        let tag = EntityTag.make(value: value, representation: representation)
        let notModified = ifNoneMatch.map { EntityTag.matches(ifNoneMatch: $0, tag: tag) } ?? false
        var response = FacadeResponse(status: notModified ? .notModified : .ok, origin: origin)
        response.fields.append(("ETag", tag))
        guard !notModified else { return response }
        switch representation {
        case .json:
            let document = ValueDocument.encode(key: key, value: value, allocator: allocator)
            response.setBody(document, type: "application/json")
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
        var response = FacadeResponse(status: notModified ? .notModified : .ok, origin: .miss)
        if !notModified {
            response.fields.append(("Content-Type", "\(representation.mediaType)"))
            response.fields.append(("Content-Length", String(length)))
        }
        return response
    }

    private init(status: HTTPResponseStatus, origin: Origin) {
        switch origin {
        case .hit(let age):
            self.init(status: status, cache: .hit)
            fields.append(("X-Cache", "HIT"))
            fields.append(("Age", String(age / 1_000_000_000)))
        case .stale(let age):
            self.init(status: status, cache: .stale)
            fields.append(("X-Cache", "STALE"))
            fields.append(("Age", String(age / 1_000_000_000)))
        case .miss:
            self.init(status: status, cache: .miss)
            fields.append(("X-Cache", "MISS"))
        }
    }

    private mutating func setBody(_ body: ByteBuffer, type: String) {
        fields.append(("Content-Type", type))
        fields.append(("Content-Length", String(body.readableBytes)))
        self.body = body
    }
}
