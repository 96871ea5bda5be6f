import NIOCore
import NIOPosix
import TestSupport
import Testing
import TransportSecurity

@testable import BackingClient

@Suite("Where the one server is, if that changes")
struct ServerLocationTests {
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    private let absence = BackingError.noPrimary(of: "m", because: "of the test")

    private func connector(_ location: ServerLocation) -> BackingConnector {
        BackingConnector(
            configuration: BackingConfiguration(address: .primary(name: "m")), location: location)
    }

    private func place(_ port: Int) -> ServerPlace {
        ServerPlace(announced: .tcp(host: "10.0.0.1", port: 1), address: .tcp(host: "127.0.0.1", port: port))
    }

    private func failure(_ future: EventLoopFuture<any Channel>) async -> BackingError? {
        do {
            _ = try await future.get()
            return nil
        } catch { return error as? BackingError }
    }

    @Test("nobody connects before it is found, and the reason is told")
    func absent() async {
        let location = ServerLocation(absence: absence)
        #expect(await failure(connector(location).connect(on: eventLoop)) == absence)
        _ = location.left(because: .noPrimary(of: "m", because: "another"), on: eventLoop)
        #expect(await failure(connector(location).connect(on: eventLoop)) == .noPrimary(of: "m", because: "another"))
    }

    @Test("all connections are closed when it is left, before that is done, and what comes to stand later, too")
    func left() async throws {
        let server = try RedisServer(overTLS: false)
        let hole = try BlackHole()
        let location = ServerLocation(absence: absence)
        location.found(at: place(server.port))
        let connector = connector(location)
        let channels = [
            try await connector.connect(on: eventLoop).get(),
            try await connector.connect(on: MultiThreadedEventLoopGroup.singleton.next()).get(),
        ]
        #expect(channels.map(\.isActive) == [true, true])
        location.found(at: place(hole.port))
        let underWay = connector.connect(on: eventLoop)
        try await location.left(because: absence, on: eventLoop).get()
        #expect(channels.map(\.isActive) == [false, false])
        #expect(await failure(underWay) == absence, "nobody waits for a connection to what was left")
        location.found(at: place(server.port))
        #expect(try await connector.connect(on: eventLoop).get().isActive)
        _ = try await location.left(because: absence, on: eventLoop).get()
        try await until("no connection is left") { try server.info("connected_clients") == "1" }
        withExtendedLifetime(hole) {}
    }

    @Test(
        "over TLS a server that hangs is left without a word", .enabled(if: ServerProgram.current.speaksTLS, "no TLS"))
    func hanging() async throws {
        let certificates = try TestCertificates()
        let server = try RedisServer(
            tls: certificates.identity("server", names: "IP:127.0.0.1"), overTLS: false)
        let files = TLSFiles(authorities: TLSFile(path: certificates.authority, option: "CA"))
        let names = BackingTLS.OptionNames(
            isOn: "", authorities: "", certificate: "", serverName: "", verifies: "", port: "")
        let location = ServerLocation(absence: absence)
        let place = ServerPlace(
            announced: .tcp(host: "127.0.0.1", port: 1), address: .tcp(host: "127.0.0.1", port: server.tlsPort))
        location.found(at: place)
        let connector = BackingConnector(
            configuration: BackingConfiguration(
                address: .primary(name: "m"),
                tls: try BackingTLS(files: files, serverName: nil, verifies: true, options: names)),
            location: location)
        let left = try await connector.connect(on: eventLoop).get()
        let closed = try await connector.at(place).connect(on: eventLoop).get()
        try server.freeze()
        // This one waits for the server's own word, for a second.
        closed.close(promise: nil)
        try await location.left(because: absence, on: eventLoop).get()
        #expect(!left.isActive)
        #expect(closed.isActive)
        try await closed.closeFuture.get()
        server.thaw()
    }

    @Test("one that cannot be connected to: clients are told so in words that they know as passing")
    func unreachable() async throws {
        let port = try freePort()
        let location = ServerLocation(absence: absence)
        location.found(at: place(port))
        let error = await failure(connector(location).connect(on: eventLoop))
        #expect(
            error?.description
                == "MASTERDOWN redis-proxy: the backing Redis at 127.0.0.1:\(port) is not reachable: connection refused"
        )
    }

    @Test("who doubts the server is heard by who looks for it")
    func doubt() {
        let location = ServerLocation(absence: absence)
        let doubted = Flag()
        connector(location).serverIsDoubted()
        location.onDoubt { doubted.set() }
        #expect(!doubted.isSet)
        connector(location).serverIsDoubted()
        #expect(doubted.isSet)
    }
}
