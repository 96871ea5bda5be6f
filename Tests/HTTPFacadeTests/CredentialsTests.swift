import BackingClient
import NIOCore
import NIOEmbedded
import RESPProxy
import Testing

@testable import HTTPFacade

@Suite("Credentials")
struct CredentialsTests {
    private func connection(
        _ permission: @escaping (BackingCredentials?) -> ReadPermission
    ) throws -> HTTPConnection {
        let connection = try HTTPConnection(requiresCredentials: true)
        let loop = connection.channel.embeddedEventLoop
        connection.reader.permission = { loop.makeSucceededFuture(permission($0)) }
        connection.reader.set("a", "v")
        return connection
    }

    @Test("without credentials 401, with wrong ones 401, with the right ones the value")
    func basic() throws {
        let connection = try connection { credentials in
            credentials == BackingCredentials(username: Array("u".utf8), password: Array("p".utf8))
                ? .granted : .unauthenticated(Array("NOAUTH Authentication required.".utf8))
        }
        let without = try connection.get("/a")
        #expect(without.status == 401)
        #expect(without["WWW-Authenticate"]?.hasPrefix("Basic realm=\"redis-proxy\"") == true)
        #expect(without.text == #"{"error":"NOAUTH Authentication required."}"#)
        #expect(try connection.get("/a", "Authorization: Basic dTpx").status == 401)
        #expect(try connection.get("/a", "Authorization: Basic !!!").status == 401)
        #expect(connection.reader.keys.isEmpty)
        #expect(try connection.get("/a", "Authorization: Basic dTpw").status == 200)
        #expect(
            connection.reader.asked == [
                nil, .init(username: [117], password: [113]), .init(username: [117], password: [112]),
            ])
        #expect(connection.limiter.inUse == 0)
    }

    @Test("good credentials are believed for one second on their connection, others are asked about")
    func remembered() throws {
        let connection = try connection { $0?.password == Array("q".utf8) ? .forbidden : .granted }
        let good = "Authorization: Basic dTpw"
        #expect(try connection.get("/a", good).status == 200)
        #expect(try connection.get("/a", good).status == 200)
        #expect(connection.reader.asked.count == 1)
        #expect(try connection.get("/a", "Authorization: Basic dTpx").status == 403)
        #expect(connection.reader.asked.count == 2)
        #expect(try connection.get("/a", good).status == 200)
        #expect(connection.reader.asked.count == 3)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try connection.get("/a", good).status == 200)
        #expect(connection.reader.asked.count == 4)
    }

    @Test("a server that cannot be asked is 503")
    func failure() throws {
        let connection = try connection { _ in
            .failure(BackingError(code: .unavailable, message: Array("ERR away".utf8)))
        }
        #expect(try connection.get("/a").status == 503)
        #expect(connection.isOpen)
    }

    @Test("the answer may come later, or not be wanted any more")
    func later() throws {
        let connection = try HTTPConnection(requiresCredentials: true)
        connection.reader.set("a", "v")
        let promise = connection.channel.embeddedEventLoop.makePromise(of: ReadPermission.self)
        connection.reader.permission = { _ in promise.futureResult }
        try connection.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.received().isEmpty)
        promise.succeed(.granted)
        #expect(try connection.responses().map(\.status) == [200])

        let other = try HTTPConnection(requiresCredentials: true)
        let late = other.channel.embeddedEventLoop.makePromise(of: ReadPermission.self)
        other.reader.permission = { _ in late.futureResult }
        try other.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        try other.channel.close().wait()
        late.succeed(.granted)
        #expect(other.reader.keys.isEmpty)
        #expect(other.limiter.inUse == 0)
    }

    @Test("two Authorization fields are 400")
    func twice() throws {
        let connection = try connection { _ in .granted }
        #expect(try connection.get("/a", "Authorization: Basic dTpw", "Authorization: Basic dTpx").status == 400)
        #expect(connection.reader.asked.isEmpty)
    }
}
