import Foundation
import TestSupport
import Testing

@Suite("GET /key over HTTP", .blocking)
struct HTTPFacadeSystemTests {
    private func json(_ response: HTTPResponse) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: Data(response.body))
        return try #require(object as? [String: String], "\(response.text)")
    }

    @Test("JSON carries key and value, whatever characters are in them")
    func jsonEscapes() throws {
        let redis = try ProxiedRedis.byExpiry()
        let value = "quote \" backslash \\ line\nend\r tab\t nul\u{0} bell\u{7} é 日本 😀 </script>\u{2028}"
        try redis.server.client().command([Array("SET".utf8), Array("kéy".utf8), Array(value.utf8)])
        for cached in ["MISS", "HIT"] {
            let response = try redis.http.get("/k%C3%A9y")
            #expect(response["x-cache"] == cached)
            #expect(response["content-type"]?.hasPrefix("application/json") == true)
            #expect(try self.json(response) == ["key": "kéy", "value": value])
        }
    }

    @Test("a value or key that is not UTF-8 comes as base64")
    func base64() throws {
        let redis = try ProxiedRedis.byExpiry()
        let value = [UInt8](0...255)
        try redis.server.client().command([Array("SET".utf8), Array("k".utf8), value])
        let fields = try self.json(redis.http.get("/k"))
        #expect(fields["encoding"] == "base64")
        #expect(fields["value"].flatMap { Data(base64Encoded: $0) } == Data(value))
        #expect(fields["key"] == "k")
    }

    @Test("the raw forms, by Accept", arguments: ["application/octet-stream", "text/plain"])
    func rawForms(type: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "{\"raw\"}")
        let response = try redis.http.get("/k", headers: ["Accept: \(type)"])
        #expect(response.text == "{\"raw\"}")
        #expect(response["content-type"]?.hasPrefix(type) == true)
        #expect(response["content-length"] == "7")
        for accept in ["*/*", "application/json", "text/html,*/*;q=0.8"] {
            #expect(try redis.http.get("/k", headers: ["Accept: \(accept)"]).text.hasPrefix("{\"key\""), "\(accept)")
        }
    }

    @Test(
        "the path is the key: percent-decoded, slashes inside, not normalised, without the query",
        arguments: [
            ("/a", "a"), ("/a/b", "a/b"), ("/a+b", "a+b"), ("/a%2Bb%20c", "a+b c"), ("/a?x=y", "a"), ("/a%3Fx", "a?x"),
            ("//a", "/a"), ("/a/../b", "a/../b"), ("/a/./b/", "a/./b/"), ("/%2F", "/"), ("/%61", "a"),
            ("/%e6%97%a5", "日"),
            ("/a;b=c&d", "a;b=c&d"), ("/healthz", "healthz"), ("/favicon.ico", "favicon.ico"),
        ])
    func keys(target: String, key: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind(key, "found")
        #expect(try self.json(redis.http.get(target)) == ["key": key, "value": "found"])
        #expect(try redis.client().command("GET", key) == .text("found"))
        #expect(try redis.http.get(target)["x-cache"] == "HIT")
    }

    @Test("what is not a key is 400 with a body that says why", arguments: ["/", "/?x", "/%", "/%4", "/%zz", "/a%0"])
    func badTargets(target: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        let response = try redis.http.get(target)
        #expect(response.status == 400)
        #expect(response["content-type"]?.hasPrefix("application/json") == true)
        #expect(try JSONSerialization.jsonObject(with: Data(response.body)) is [String: Any])
        if target == "/" { #expect(response.text.contains("/{key}") || response.text.contains("GET /")) }
    }

    @Test("HEAD says what GET would, without the body")
    func head() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let get = try redis.http.get("/k")
        let head = try redis.http.request("/k", method: "HEAD")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        for name in ["content-length", "content-type", "etag"] { #expect(head[name] == get[name] && head[name] != nil) }
        #expect(try redis.http.request("/nosuch", method: "HEAD").status == 204)
        #expect(try redis.http.request("/", method: "HEAD").status == 400)
    }

    @Test("other methods are 405 with Allow", arguments: ["POST", "PUT", "DELETE", "PATCH"])
    func methods(method: String) throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let response = try redis.http.request("/k", method: method, body: method == "DELETE" ? nil : Array("x".utf8))
        #expect(response.status == 405)
        #expect(response["allow"]?.contains("GET") == true && response["allow"]?.contains("HEAD") == true)
        #expect(try redis.server.command("GET", "k") == .text("value"))
    }

    @Test("ETag is one for each representation, and If-None-Match gives 304")
    func entityTags() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        let json = try redis.http.get("/k")
        let raw = try redis.http.get("/k", headers: ["Accept: application/octet-stream"])
        let tag = try #require(json["etag"])
        #expect(tag != raw["etag"] && raw["etag"] != nil)
        for condition in [tag, "*", "\"other\", \(tag)", "W/\(tag)"] {
            let response = try redis.http.get("/k", headers: ["If-None-Match: \(condition)"])
            #expect(response.status == 304, "\(condition)")
            #expect(response.body.isEmpty && response["etag"] == tag)
        }
        #expect(try redis.http.get("/k", headers: ["If-None-Match: \"other\""]).status == 200)
        #expect(try redis.client().command("SET", "k", "another") == .status("OK"))
        let changed = try redis.http.get("/k", headers: ["If-None-Match: \(tag)"])
        #expect(changed.status == 200 && changed["etag"] != tag)
    }

    @Test("headers keep other caches and browsers from doing harm")
    func headers() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.setBehind("k", "value")
        for _ in 0..<2 {
            let response = try redis.http.get("/k", headers: ["Origin: http://elsewhere"])
            #expect(response["cache-control"] == "no-cache")
            #expect(response["vary"] == "Accept, Authorization")
            #expect(response["x-content-type-options"] == "nosniff")
            #expect(!response.headers.contains { $0.name.hasPrefix("access-control-") })
        }
    }

    @Test("a key of another type is 409, and is not cached as an error")
    func wrongType() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.server.command("LPUSH", "k", "x")
        let response = try redis.http.get("/k")
        #expect(response.status == 409)
        #expect(try JSONSerialization.jsonObject(with: Data(response.body)) is [String: Any])
        try redis.server.command("DEL", "k")
        #expect(try redis.http.get("/k").status == 204)
    }

    @Test("pipelined requests are answered in order, hits behind misses")
    func pipelining() throws {
        let redis = try ProxiedRedis.byExpiry()
        for index in 0..<10 { try redis.setBehind("k\(index)", "v\(index)") }
        for index in stride(from: 0, to: 10, by: 2) { try redis.client().command("GET", "k\(index)") }
        let connection = try redis.connection()
        let order = (0..<100).map { $0 * 7 % 12 }
        try connection.send(
            order.map { "GET /k\($0) HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n" }.joined())
        for index in order {
            let response = try connection.receiveHTTPResponse()
            try #require(response.status == (index < 10 ? 200 : 204))
            try #require(response.text == (index < 10 ? "v\(index)" : ""))
        }
    }

    @Test("keep-alive follows the version and the Connection header")
    func keepAlive() throws {
        let redis = try ProxiedRedis.byExpiry()
        let old = try redis.connection()
        try old.send("GET /k HTTP/1.0\r\n\r\n")
        #expect(String(decoding: try old.receiveToEnd().bytes, as: UTF8.self).contains(" 204 "))
        let closing = try redis.connection()
        try closing.send("GET /k HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(try closing.receiveHTTPResponse().status == 204)
        #expect(try closing.receiveToEnd().bytes.isEmpty)
        let staying = try redis.connection()
        for _ in 0..<3 { #expect(try staying.httpGet("/k").status == 204) }
    }
}
