import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import BackingClient

@Suite("The options of a socket") struct TCPOptionsTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    /// Applies the options to a connected channel, and reads them back.
    private func applied(_ options: TCPOptions, to server: any Channel) async throws -> (values: [Int], refused: Bool) {
        let address = try #require(server.localAddress)
        let channel = try await ClientBootstrap(group: group).connect(to: address).get()
        let result = try await channel.eventLoop.submit {
            let refusal = options.apply(to: channel)
            let names: [ChannelOptions.Types.SocketOption] = [
                .tcpOption(.tcp_nodelay), .socketOption(.so_keepalive), .tcpOption(.init(rawValue: TCP_KEEPIDLE)),
                .tcpOption(.init(rawValue: TCP_KEEPINTVL)), .tcpOption(.init(rawValue: TCP_KEEPCNT)),
                .tcpOption(.init(rawValue: TCP_USER_TIMEOUT)),
            ]
            return (names.map { (try? channel.syncOptions?.getOption($0)) ?? -1 }, refusal != nil)
        }.get()
        #expect(channel.isActive)
        try await channel.close()
        return result
    }

    @Test("nothing is delayed, and keep-alive is Redis': one probe after the time, two more at a third of it")
    func values() async throws {
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let client = try await applied(TCPOptions(), to: server)
        #expect(client.values == [1, 1, 300, 100, 3, 0] && !client.refused)
        let backing = try await applied(
            TCPOptions(keepAlive: .milliseconds(1500), limitsUnacknowledged: true), to: server)
        #expect(backing.values == [1, 1, 2, 1, 3, 5000] && !backing.refused)
        let none = try await applied(TCPOptions(keepAlive: nil, limitsUnacknowledged: true), to: server)
        #expect(none.values[0...1] == [1, 0] && none.values[5] == 0)
        let longest = try await applied(TCPOptions(keepAlive: .seconds(32_767), limitsUnacknowledged: true), to: server)
        #expect(longest.values[2] == 32_767 && !longest.refused)
        try await server.close()
    }

    @Test("an option that the system refuses ends no connection")
    func refused() async throws {
        let path = "/tmp/redis-proxy-tcp-options-\(getpid())"
        let server = try await ServerBootstrap(group: group).bind(unixDomainSocketPath: path).get()
        #expect(try await applied(TCPOptions(), to: server).refused)
        try await server.close()
        unlink(path)
    }
}
