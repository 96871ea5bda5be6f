import BackingClient
import Logging
import NIOCore
import Testing
import Time

@testable import HTTPFacade

@Suite("Credentials, entity tags, dates, slots")
struct PartsTests {
    @Test("Basic credentials are read; an empty name is the default user")
    func credentials() {
        #expect(BasicCredentials("Basic dXNlcjpwYTpzcw==") == Self.credentials("user", "pa:ss"))
        #expect(BasicCredentials("basic  OnB3") == Self.credentials(nil, "pw"))
        #expect(BasicCredentials("Basic dXNlcjo=") == Self.credentials("user", ""))
        #expect(BasicCredentials(nil) == .none)
        #expect(BasicCredentials("Bearer abc") == .none)
        #expect(BasicCredentials("Basically OnB3") == .none)
        #expect(BasicCredentials("Basic !!!") == .malformed)
        #expect(BasicCredentials("Basic dXNlcg==") == .malformed)
        // Bytes, UTF-8 or not.
        #expect(BasicCredentials("Basic /zrp/w==") == .credentials(.init(username: [0xff], password: [0xe9, 0xff])))
    }

    private static func credentials(_ username: String?, _ password: String) -> BasicCredentials {
        .credentials(.init(username: username.map { Array($0.utf8) }, password: Array(password.utf8)))
    }

    @Test("an entity tag follows the value and the form, and nothing else")
    func entityTags() {
        var tags: Set<String> = []
        for length in 0...40 {
            for form in Representation.allCases {
                let value = ByteBuffer(repeating: 0, count: length)
                let tag = EntityTag.make(value: value, representation: form)
                #expect(tag == EntityTag.make(value: value, representation: form))
                #expect(tag.utf8.count == 14 && tag.first == "\"" && tag.last == "\"")
                tags.insert(tag)
            }
        }
        #expect(tags.count == 41 * 3)
        // Each bit of the value counts.
        let base = [UInt8](repeating: 0x55, count: 37)
        let reference = base.withUnsafeBytes(EntityTag.hash)
        for index in base.indices {
            for bit in 0..<8 {
                var changed = base
                changed[index] ^= 1 << bit
                #expect(changed.withUnsafeBytes(EntityTag.hash) != reference)
            }
        }
    }

    @Test("If-None-Match compares weakly, over a list")
    func ifNoneMatch() {
        #expect(EntityTag.isNamed("\"a\"", in: "\"a\"", weakly: true))
        #expect(EntityTag.isNamed("\"a\"", in: "W/\"a\"", weakly: true))
        #expect(EntityTag.isNamed("\"a\"", in: "\"b\", \"x,y\" ,\"a\"", weakly: true))
        #expect(EntityTag.isNamed(nil, in: " * ", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "\"b\"", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "a", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "\"x, \\\"a\\\"\"", weakly: true))
        #expect(!EntityTag.isNamed(nil, in: "\"a\"", weakly: true))
    }

    @Test("in a list of tags commas and backslashes are part of a tag, and what is no tag is passed over")
    func tagLists() {
        #expect(EntityTag.isNamed("\"a\"", in: #""b\", "a""#, weakly: true))
        #expect(EntityTag.isNamed("\"a\"", in: ", b,, \t\"a\"", weakly: true))
        #expect(EntityTag.isNamed("\"a\"", in: "\"b\"x, \"a\"", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "\"x,\"a\"", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "w/\"a\"", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "\"A\"", weakly: true))
        // A Kelvin sign is a K to Swift's strings.
        #expect(!EntityTag.isNamed("\"K\"", in: "\"\u{212A}\"", weakly: true))
        #expect(!EntityTag.isNamed("\"a\"", in: "\"a", weakly: true))
    }

    @Test("If-Match compares strongly")
    func ifMatch() {
        #expect(EntityTag.isNamed("\"a\"", in: "\"b\", \"a\"", weakly: false))
        #expect(!EntityTag.isNamed("\"a\"", in: "W/\"a\"", weakly: false))
        #expect(EntityTag.isNamed("\"a\"", in: "*", weakly: false))
    }

    @Test(
        "dates are RFC 9110's",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        ])
    func dates(seconds: Int, text: String) {
        #expect(HTTPDate.format(seconds) == text)
    }

    @Test("there are as many slots as MAX_CLIENTS, and one warning a minute")
    func limiter() {
        let log = CountingLogHandler.Count()
        let limiter = HTTPLimiter(maxClients: 2, logger: Logger(label: "test") { _ in CountingLogHandler(count: log) })
        let start = Instant(nanoseconds: 5)
        #expect(limiter.take(now: start))
        #expect(limiter.take(now: start))
        #expect(!limiter.take(now: start))
        #expect(!limiter.take(now: start + .seconds(59)))
        #expect(log.value == 1)
        #expect(!limiter.take(now: start + .seconds(60)))
        #expect(log.value == 2)
        #expect(limiter.refused == 3)
        #expect(limiter.inUse == 2)
        limiter.release()
        #expect(limiter.take(now: start))
    }

    @Test("slots hold under concurrency")
    func limiterConcurrently() async {
        let limiter = HTTPLimiter(maxClients: 3, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 where limiter.take(now: Instant(nanoseconds: 1)) {
                        #expect(limiter.inUse <= 3)
                        limiter.release()
                    }
                }
            }
        }
        #expect(limiter.inUse == 0)
    }
}
