import NIOCore
import Testing

@testable import BackingClient

@Suite("The frames of the invalidation connection")
struct FeedReaderTests {
    private static func read(_ text: String, limit: Int = 1000, by count: Int) throws -> [FeedReader.Incoming] {
        var reader = FeedReader(limit: limit)
        var found: [FeedReader.Incoming] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            reader.append(ByteBuffer(bytes: rest.prefix(count)))
            rest = rest.dropFirst(count)
            while let incoming = try reader.next() { found.append(incoming) }
        }
        return found
    }

    @Test("announcements of many keys and of none, in any split", arguments: [1, 3, 7, 1000])
    func announcements(count: Int) throws {
        let head = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"
        let found = try Self.read(
            "\(head)*2\r\n$1\r\na\r\n$2\r\nbc\r\n\(head)*-1\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n+OK\r\n:5\r\n", by: count)
        let start: [BackingReply] = [.bulk(.text("message")), .bulk(.text("__redis__:invalidate"))]
        #expect(
            found == [
                .reply(.array(start + [.array([.bulk(.text("a")), .bulk(.text("bc"))])])),
                .reply(.array(start + [.null])), .reply(.array([.bulk(.text("pong")), .bulk(.text(""))])),
                .reply(.ok), .reply(.integer(5)),
            ])
    }

    @Test("a frame over the limit is read past, and the next one is right")
    func tooLong() throws {
        let long = String(repeating: "x", count: 200)
        #expect(try Self.read("*1\r\n$200\r\n\(long)\r\n+OK\r\n", limit: 100, by: 50) == [.tooLong, .reply(.ok)])
    }

    @Test("an announced size alone allocates nothing")
    func announcedSize() throws {
        #expect((try? Self.read("*3\r\n*1000000000\r\n", by: 10)) ?? [] == [])
    }
}
