import NIOCore
import Testing

@testable import HTTPFacade

@Suite("Request targets")
struct RequestTargetTests {
    @Test(
        "the key is the percent-decoded path, byte for byte",
        arguments: [
            ("/a", "a"), ("/a/b//c", "a/b//c"), ("//a", "/a"), ("/../a/./b", "../a/./b"), ("/a+b", "a+b"),
            ("/a?b=c", "a"),
            ("/a%3Fb?c", "a?b"), ("/%2F", "/"), ("/a%0D%0Ab", "a\r\nb"), ("/%00", "\0"), ("/%25", "%"),
            ("/a%2520", "a%20"),
            ("/%c3%A9", "é"), ("/é", "é"), ("http://host:80/a/b", "a/b"), ("HTTP://host/a?b", "a"),
            ("/http://x", "http://x"),
            ("/a%20", "a "), ("/%EF%BF%BD", "\u{FFFD}"), ("/a//", "a//"),
        ])
    func decodes(target: String, key: String) {
        var buffer = ByteBuffer()
        #expect(RequestTarget.parse(target, into: &buffer) == .key)
        #expect(Array(buffer.readableBytesView) == Array(key.utf8))
    }

    @Test("bytes that are no text come through")
    func binary() {
        var target = "/"
        for byte in UInt8.min...UInt8.max {
            target += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        var buffer = ByteBuffer()
        #expect(RequestTarget.parse(target, into: &buffer) == .key)
        #expect(Array(buffer.readableBytesView) == Array(UInt8.min...UInt8.max))
    }

    @Test("no path, no key", arguments: ["/", "/?a=b", "http://host", "http://host/", "http://host?a"])
    func empty(target: String) {
        var buffer = ByteBuffer()
        #expect(RequestTarget.parse(target, into: &buffer) == .empty)
        #expect(buffer.readableBytes == 0)
    }

    @Test(
        "what cannot be decoded is refused",
        arguments: [
            "/%", "/a%2", "/%zz", "/%2g", "/%-1", "/a#b", "*", "a", "", "http://", "http:///a", "/\u{FFFD}", "/%+1",
        ])
    func invalid(target: String) {
        var buffer = ByteBuffer()
        guard case .invalid(let reason) = RequestTarget.parse(target, into: &buffer) else {
            Issue.record("\(target) was taken")
            return
        }
        #expect(!reason.isEmpty)
    }
}
