import NIOCore
import Testing

@testable import HTTPFacade

@Suite("Conditions")
struct PreconditionTests {
    private func status(_ fields: String..., key: String = "a", isAbsent: Bool = false) throws -> Int {
        let connection = try HTTPConnection()
        if !isAbsent { connection.reader.set("a", "v") }
        try connection.send("GET /\(key) HTTP/1.1\r\nHost: a\r\n" + fields.map { "\($0)\r\n" }.joined() + "\r\n")
        if isAbsent { connection.finishFill(.absent) }
        return try #require(try connection.responses().first).status
    }

    private func tag() throws -> String {
        let connection = try HTTPConnection()
        connection.reader.set("a", "v")
        return try #require(try connection.get("/a")["ETag"])
    }

    @Test("If-Match: the value if it is one of those named, or else 412")
    func ifMatch() throws {
        let tag = try tag()
        #expect(try status("If-Match: \(tag)") == 200)
        #expect(try status("If-Match: *") == 200)
        #expect(try status("If-Match: * \t") == 200)
        #expect(try status("If-Match: \"x\", \(tag)") == 200)
        #expect(try status("If-Match: \"x\"", "If-Match: \(tag)") == 200)
        #expect(try status("If-Match: \"x\"") == 412)
        #expect(try status("If-Match: W/\(tag)") == 412)
        #expect(try status("If-Match:") == 412)
        #expect(try status("If-Match: \(tag)", "If-None-Match: \(tag)") == 304)
        #expect(try status("If-Match: \"x\"", "If-None-Match: \(tag)") == 412)
    }

    @Test("a key that is absent has no value that could match, nor one that must not")
    func absent() throws {
        #expect(try status("If-Match: *", isAbsent: true) == 412)
        #expect(try status("If-Match: \"x\"", isAbsent: true) == 412)
        #expect(try status("If-None-Match: *", isAbsent: true) == 204)
    }

    @Test("conditions are not looked at where the answer would be an error")
    func errors() throws {
        #expect(try status("If-Match: \"x\"", "Accept: image/png") == 406)
        #expect(try status("If-Match: \"x\"", key: "") == 400)
    }

    @Test("what depends on a date or asks for a part is passed over")
    func passedOver() throws {
        #expect(try status("If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT") == 200)
        #expect(try status("If-Modified-Since: Sat, 29 Oct 2044 19:43:31 GMT") == 200)
        #expect(try status("Range: bytes=0-0") == 200)
        #expect(try status("Range: bytes=0-0", "If-Range: \"x\"") == 200)
    }

    @Test("a streamed value has no tag: only * names it")
    func streamed() throws {
        for (field, status) in [("*", 200), ("\"x\"", 412)] {
            let connection = try HTTPConnection()
            connection.reader.answers["big"] = .hit(.large(length: 3), age: .zero)
            try connection.send(
                "HEAD /big HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\nIf-Match: \(field)\r\n\r\n")
            #expect(try connection.responses(toHead: 1).map(\.status) == [status])
        }
    }
}
