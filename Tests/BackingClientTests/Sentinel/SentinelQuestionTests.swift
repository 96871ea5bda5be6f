import NIOCore
import NIOPosix
import TestSupport
import Testing
import Time

@testable import BackingClient

private func bulk(_ text: String) -> BackingReply { .bulk(ByteBuffer(string: text)) }
private func fields(_ pairs: [(String, String)]) -> BackingReply {
    .array(pairs.flatMap { [bulk($0.0), bulk($0.1)] })
}

@Suite("What a Sentinel is asked, and what it answers")
struct SentinelQuestionTests {
    private static let address = BackingAddress.tcp(host: "localhost", port: 26379)
    private static let name = "mymaster"

    private static func answer(_ replies: [BackingReply]) -> OneShotProgress<SentinelAnswer>? {
        var question = SentinelQuestion(primary: name, address: address)
        var last: OneShotProgress<SentinelAnswer>?
        for reply in replies { last = question.received(reply) }
        return last
    }

    private static func master(_ port: String, epoch: String) -> BackingReply {
        fields([("name", name), ("ip", "10.0.0.1"), ("port", port), ("config-epoch", epoch)])
    }

    @Test("all of it goes out in one write, so that it is answered as of one moment")
    func commands() {
        let commands = SentinelQuestion(primary: Self.name, address: Self.address).commands
        #expect(
            commands.map { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ") } == [
                "SENTINEL MASTER mymaster", "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster", "SENTINEL SENTINELS mymaster",
            ])
    }

    @Test(
        "the address is that of the replica that was promoted, while SENTINEL MASTER has the old one with the new epoch"
    )
    func leadsFailover() {
        let place = BackingReply.array([bulk("10.0.0.2"), bulk("6379")])
        let others = BackingReply.array([
            fields([("ip", "s-1"), ("port", "26379")]), fields([("ip", "s-2"), ("port", "1")]),
        ])
        #expect(
            Self.answer([Self.master("6379", epoch: "7"), place, others])
                == .answered(
                    .primary(
                        address: .tcp(host: "10.0.0.2", port: 6379), epoch: 7,
                        others: [.tcp(host: "s-1", port: 26379), .tcp(host: "s-2", port: 1)])))
    }

    @Test("one that hangs is waited for no longer than was said", .timeLimit(.minutes(1)))
    func hangs() async throws {
        let sentinel = try SentinelServer()
        try sentinel.freeze()
        let connector = BackingConnector(
            configuration: BackingConfiguration(address: .tcp(host: "127.0.0.1", port: sentinel.port)))
        let answer = connector.askSentinel(
            forPrimary: Self.name, within: .milliseconds(100), on: MultiThreadedEventLoopGroup.singleton.next())
        await #expect(
            throws: BackingError(
                code: .timedOut,
                message: Array(
                    "ERR redis-proxy: the Sentinel at 127.0.0.1:\(sentinel.port) did not answer within 0.1 s".utf8))
        ) { try await answer.get() }
        sentinel.thaw()
    }

    @Test("a name that it does not know, and a server that is no Sentinel")
    func unknown() {
        #expect(Self.answer([.error(Array("ERR No such master with that name".utf8))]) == .answered(.unknownName))
        #expect(Self.answer([.error(Array("ERR unknown command 'SENTINEL'".utf8))]) == .answered(.notSentinel))
        let text = Array("NOPERM this user has no permissions".utf8)
        #expect(Self.answer([.error(text)]) == .failed(.server(text)))
    }

    @Test(
        "what cannot be an address is none",
        arguments: ["0", "65536", "-1", "x", ""], ["", "a b", "a/b", "a\"b", String(repeating: "a", count: 254)])
    func nonsense(port: String, host: String) {
        for (host, port) in [("h", port), (host, "1")] {
            guard
                case .failed(let error) = Self.answer([
                    Self.master("1", epoch: "1"), .array([bulk(host), bulk(port)]), .array([]),
                ])
            else {
                Issue.record("\(host):\(port) was taken")
                continue
            }
            #expect(error.code == .protocolViolation)
        }
        let others = BackingReply.array([fields([("ip", host), ("port", "1")]), fields([("port", port)]), .null])
        #expect(
            Self.answer([Self.master("1", epoch: "1"), .array([bulk("h"), bulk("1")]), others])
                == .answered(.primary(address: .tcp(host: "h", port: 1), epoch: 1, others: [])))
    }

    @Test("ROLE tells what a server is; where it is forbidden, HELLO does")
    func role() {
        var question = ServerRoleQuestion(address: Self.address)
        #expect(question.received(.array([bulk("master"), .integer(1), .array([])])) == .answered(.primary))
        question = ServerRoleQuestion(address: Self.address)
        #expect(question.received(.array([bulk("slave"), bulk("h"), .integer(1)])) == .answered(.replica))
        question = ServerRoleQuestion(address: Self.address)
        #expect(question.received(.array([bulk("sentinel"), .array([])])) == .answered(.other("sentinel")))
        question = ServerRoleQuestion(address: Self.address)
        #expect(question.received(.error(Array("NOPERM no".utf8))) == .asks([Array("HELLO".utf8)]))
        #expect(
            question.received(fields([("server", "redis"), ("mode", "standalone"), ("role", "replica")]))
                == .answered(.replica))
        question = ServerRoleQuestion(address: Self.address)
        let loading = Array("LOADING Redis is loading".utf8)
        #expect(question.received(.error(loading)) == .failed(.server(loading)))
    }
}

@Suite("What a Sentinel announces, without a socket")
struct SubscriptionStateMachineTests {
    private static let second = TimeSpan.seconds(1)
    private static let address = BackingAddress.tcp(host: "localhost", port: 26379)

    private static func machine(_ credentials: BackingCredentials? = nil) -> SubscriptionStateMachine {
        SubscriptionStateMachine(
            address: address, credentials: credentials, heartbeat: .seconds(1), timeout: .seconds(2), now: .distantPast)
    }

    private static func confirmation(_ number: Int) -> BackingReply {
        .array([bulk("subscribe"), bulk(SentinelEvent.channels[number]), .integer(Int64(number + 1))])
    }

    private static func up() -> SubscriptionStateMachine {
        var machine = machine()
        for number in SentinelEvent.channels.indices { _ = machine.received(confirmation(number), now: .distantPast) }
        return machine
    }

    @Test("it stands once all channels are confirmed, behind the log-in")
    func standing() {
        var machine = Self.machine(.text("u", "p"))
        #expect(machine.handshakeCommands.count == 2)
        #expect(machine.received(.ok, now: .distantPast) == .nothing)
        for number in SentinelEvent.channels.indices.dropLast() {
            #expect(machine.received(Self.confirmation(number), now: .distantPast) == .nothing)
        }
        #expect(machine.received(Self.confirmation(SentinelEvent.channels.count - 1), now: .distantPast) == .goUp)
    }

    @Test("a wrong password fails it, in the Sentinel's words")
    func wrongPassword() {
        var machine = Self.machine(.text("u", "p"))
        let text = Array("WRONGPASS no".utf8)
        #expect(machine.received(.error(text), now: .distantPast) == .fail(.server(text)))
    }

    @Test("what happens is told")
    func messages() {
        var machine = Self.up()
        #expect(
            machine.received(
                .array([bulk("message"), bulk("+reboot"), bulk("master mymaster 1 2")]), now: .distantPast)
                == .tell(SentinelEvent(channel: "+reboot", text: "master mymaster 1 2")))
    }

    @Test("it is asked whether it is there in each heartbeat, and given up where it does not answer in time")
    func silence() {
        var machine = Self.up()
        #expect(machine.timePassed(now: Instant(nanoseconds: 999_999_999)) == .nothing)
        #expect(machine.timePassed(now: .distantPast + Self.second) == .ask)
        #expect(machine.received(.array([bulk("pong"), bulk("")]), now: .distantPast + .seconds(2)) == .nothing)
        #expect(machine.timePassed(now: .distantPast + .seconds(3)) == .ask)
        #expect(machine.timePassed(now: .distantPast + .seconds(4)) == .nothing)
        #expect(machine.timePassed(now: .distantPast + .seconds(5)) == .fail(.silent(Self.address, for: .seconds(2))))
    }

    @Test("one that never confirms is given up, too, and so is what makes no sense")
    func nonsense() {
        var machine = Self.machine()
        #expect(machine.timePassed(now: .distantPast + .seconds(2)) == .fail(.silent(Self.address, for: .seconds(2))))
        for reply in [BackingReply.integer(1), .array([]), .array([bulk("message"), bulk("x")]), .array([.null])] {
            var machine = Self.up()
            guard case .fail(let error) = machine.received(reply, now: .distantPast) else {
                Issue.record("\(reply) was taken")
                continue
            }
            #expect(error.code == .protocolViolation)
        }
    }
}
