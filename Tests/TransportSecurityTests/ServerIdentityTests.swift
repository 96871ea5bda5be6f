import Testing

@testable import TransportSecurity

@Suite("whether a certificate's name is the one that was asked for")
struct ServerIdentityTests {
    @Test(
        "it is, in any case, with a period at its end, or by an asterisk for the whole first label",
        arguments: [
            ("redis.example", "redis.example"), ("Redis.Example", "redis.EXAMPLE"), ("redis.example.", "redis.example"),
            ("*.example", "redis.example"), ("*.b.example", "a.b.example"),
        ])
    func isFor(pattern: String, name: String) {
        #expect(ServerIdentity.matches(pattern, name))
    }

    @Test(
        "it is not",
        arguments: [
            ("redis.example", "redis.example.org"), ("example", "redis.example"), ("*.example", "example"),
            ("*.example", "a.b.example"), ("r*.example", "redis.example"), ("redis.*", "redis.example"), ("", "redis"),
            ("*", ""), ("127.0.0.1", "127.0.0.2"),
        ])
    func isNotFor(pattern: String, name: String) {
        #expect(!ServerIdentity.matches(pattern, name))
    }
}
