import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import RedisProxy

@Suite struct StartupErrorTests {
    /// The line for a bind that really fails.
    private func line(host: String, port: Int) async throws -> String {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            try await channel.close()
            return "it listens"
        } catch {
            return line(host: host, port: port, error: error)
        }
    }

    private func line(host: String, port: Int, error: any Error) -> String {
        "\(StartupError.cannotListen(host: host, port: port, hostOption: OptionTable.proxyHost, portOption: OptionTable.proxyPort, error: error))"
    }

    @Test("a busy port is named with its option")
    func busy() async throws {
        let other = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(other.localAddress?.port)
        #expect(
            try await line(host: "127.0.0.1", port: port)
                == "cannot listen on 127.0.0.1:\(port): PROXY_PORT \(port) is in use by another program")
        try await other.close()
    }

    @Test("a host that does not resolve is named with its option")
    func unknownHost() async throws {
        #expect(
            try await line(host: "nosuch.invalid", port: 0)
                == "cannot listen on nosuch.invalid:0: PROXY_HOST \"nosuch.invalid\" does not resolve to an address")
    }

    @Test("an address of another machine is named with its option")
    func foreignAddress() async throws {
        #expect(
            try await line(host: "192.0.2.1", port: 0)
                == "cannot listen on 192.0.2.1:0: PROXY_HOST \"192.0.2.1\" is no address of this machine")
    }

    @Test("a lack of permission says what ports below 1024 need")
    func permission() {
        let error = IOError(errnoCode: EACCES, reason: "bind")
        #expect(
            line(host: "::", port: 80, error: error)
                == "cannot listen on [::]:80: no permission for PROXY_PORT 80;"
                + " ports below 1024 need root or CAP_NET_BIND_SERVICE")
        #expect(
            line(host: "::1", port: 8000, error: error)
                == "cannot listen on [::1]:8000: no permission for PROXY_PORT 8000")
    }

    @Test("an error at start ends the program with code 1 and one line")
    func exitCode() async {
        let result = await CommandResult.of { _ in throw StartupError("cannot listen") }
        #expect(result == CommandResult(code: 1, errorOutput: "redis-proxy: cannot listen\n"))
    }
}
