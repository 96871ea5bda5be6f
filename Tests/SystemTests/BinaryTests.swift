import TestSupport
import Testing

@Suite("keys and values are bytes", .blocking)
struct BinaryTests {
    static let keys: [[UInt8]] = [
        [UInt8](0...255), [0], [13, 10], Array("with space".utf8), Array("a\r\nSET x y\r\n".utf8), [0xff, 0xfe],
        Array("ключ/日本".utf8), Array("$5\r\n".utf8), [], Array("\"quoted\"\\".utf8), Array("+?&#%25".utf8),
    ]

    @Test(
        "all 256 byte values, line ends, NUL and spaces survive in key and value, missed and hit", arguments: Self.keys)
    func overRESP(key: [UInt8]) throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        let set = Array("SET".utf8)
        let get = Array("GET".utf8)
        for value in [[UInt8](0...255), [], [13, 10], [0, 0, 0], key] {
            #expect(try client.command([set, key, value]) == .status("OK"))
            #expect(try client.command([get, key]) == .bulk(value))
            #expect(try client.command([get, key]) == .bulk(value))
            #expect(try redis.server.client().command([get, key]) == .bulk(value))
        }
        #expect(try redis.server.command("DBSIZE") == .integer(1))
    }

    @Test("a percent-encoded path is the key, byte for byte", arguments: Self.keys.filter { !$0.isEmpty })
    func overHTTP(key: [UInt8]) throws {
        let redis = try ProxiedRedis.byExpiry()
        let value = [UInt8](0...255)
        try redis.server.client().command([Array("SET".utf8), key, value])
        let digits = Array("0123456789ABCDEF".utf8)
        let encoded = key.flatMap { [37, digits[Int($0 >> 4)], digits[Int($0 & 15)]] as [UInt8] }
        let target = "/" + String(decoding: encoded, as: UTF8.self)
        for expected in ["MISS", "HIT"] {
            let response = try redis.http.get(target, headers: ["Accept: application/octet-stream"])
            #expect(response.status == 200)
            #expect(response["x-cache"] == expected)
            #expect(response.body == value)
        }
        #expect(try redis.server.command("DBSIZE") == .integer(1))
        #expect(try redis.http.get(target).text.contains(#""encoding":"base64""#))
    }

    @Test("keys that differ in one byte or in length are different keys")
    func differentKeys() throws {
        let redis = try ProxiedRedis.byExpiry()
        let client = try redis.client()
        let keys: [[UInt8]] = [[], [0], [0, 0], [1], [0, 1], [1, 0], [32], Array("k".utf8), Array("K".utf8)]
        for (index, key) in keys.enumerated() {
            try client.command([Array("SET".utf8), key, Array("\(index)".utf8)])
        }
        for _ in 0..<2 {
            for (index, key) in keys.enumerated() {
                #expect(try client.command([Array("GET".utf8), key]) == .text("\(index)"))
            }
        }
    }
}
