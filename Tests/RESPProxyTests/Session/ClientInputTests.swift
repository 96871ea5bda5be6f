import NIOCore
import RESPParser
import Testing

@testable import RESPProxy

@Suite("What a client has sent, taken command by command")
struct ClientInputTests {
    private var input = ClientInput()

    private mutating func receive(_ text: String) { input.receive(ByteBuffer(string: text)) }

    /// The command that comes next; nil: there is none.
    private mutating func nextCommand() -> ParsedCommand? {
        if case .command(let command) = input.next() { command } else { nil }
    }

    private mutating func take(_ command: ParsedCommand?) -> String? {
        command.map { String(buffer: input.take($0)) }
    }

    @Test("a command stays where it is until it is taken, as it came")
    mutating func taken() {
        receive("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        for _ in 0..<2 {
            let command = nextCommand()
            #expect(command?.view.name == "ping" && command?.form == .asReceived && command?.length == 14)
        }
        let ping = nextCommand()
        #expect(take(ping) == "*1\r\n$4\r\nPING\r\n")
        let get = nextCommand()
        #expect(get?.view.name == "get" && get?.view.count == 2)
        #expect(take(get) == "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        #expect(input.readableBytes == 0 && nextCommand() == nil)
    }

    @Test("what is malformed by tighter limits only is right by others, and found whole where those hold")
    mutating func otherLimits() {
        let words = (0..<12).map { "$2\r\n\($0 + 10)\r\n" }.joined()
        input.limit(to: .redisUnauthenticated)
        receive("*12\r\n" + words)
        guard case .malformed = input.next() else {
            Issue.record("it is too long for who has not logged in")
            return
        }
        #expect(input.isRight(within: .redis) && !input.isRight(within: .redisUnauthenticated))
        input.startAnew()
        input.limit(to: .redis)
        let command = nextCommand()
        #expect(command?.view.count == 12 && take(command) == "*12\r\n" + words)
        receive("*1\r\n+PING\r\n")
        #expect(!input.isRight(within: .redis))
    }

    @Test("a command that is dropped is followed by the next")
    mutating func dropped() {
        receive("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nTIME\r\n")
        if let ping = nextCommand() { input.drop(ping) }
        #expect(nextCommand()?.view.name == "time")
    }

    @Test("words on a line go to the server as a command; a line that servers split differently goes as it came")
    mutating func lines() {
        receive("SET k \"a b\"\r\nSET k \"a\\x41\"\r\n")
        let words = nextCommand()
        #expect(words?.form == .encoded)
        #expect(take(words) == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na b\r\n")
        let line = nextCommand()
        #expect(line?.form == .line && line?.view.name == "set")
        #expect(take(line) == "SET k \"a\\x41\"\r\n")
    }

    @Test("an empty line is a command of its own")
    mutating func empty() {
        receive("\r\n*1\r\n$4\r\nPING\r\n")
        guard case .empty(let length) = input.next() else { return #expect(Bool(false)) }
        input.dropEmpty(length: length)
        #expect(nextCommand()?.view.name == "ping")
    }

    @Test("a large command is passed on as it comes, or dropped as it comes", arguments: [true, false])
    mutating func large(isPassedOn: Bool) {
        let whole = ClientInput.streamingThreshold * 2
        receive("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(whole)\r\n")
        #expect(nextCommand() == nil, "it is kept as long as it is small")
        let first = ClientInput.streamingThreshold + 10
        receive(String(repeating: "v", count: first))
        guard let command = nextCommand() else { return #expect(Bool(false)) }
        #expect(command.form == .beginning && !command.view.isComplete && command.view.count == 2)
        var passed = 0
        if isPassedOn { passed += input.take(command).readableBytes } else { input.drop(command) }
        #expect(input.isInsideCommand == isPassedOn)
        receive(String(repeating: "v", count: whole - first) + "\r\n*1\r\n$4\r\nPING\r\n")
        var isEnded = false
        while !isEnded, case .part(let length, let isLast) = input.next() {
            let part = input.takePart(length: length, isLast: isLast)
            #expect((part != nil) == isPassedOn)
            passed += part?.readableBytes ?? 0
            isEnded = isLast
        }
        #expect(passed == (isPassedOn ? "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(whole)\r\n".utf8.count + whole + 2 : 0))
        #expect(!input.isInsideCommand)
        #expect(nextCommand()?.view.name == "ping")
    }

    @Test("what is none of the protocol's ends it; inside a command that is passed on, that one has no end")
    mutating func malformed() {
        receive("*1\r\nPING\r\n")
        guard case .malformed = input.next() else { return #expect(Bool(false)) }
        input.endMalformed()
        #expect(input.intake == .ended && !input.isInsideCommand)
        receive("*1\r\n$4\r\nPING\r\n")
        #expect(input.readableBytes == 10, "nothing more is taken")
        input = ClientInput()
        receive("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n" + String(repeating: "v", count: 70_000))
        if let command = nextCommand() { _ = input.take(command) }
        receive(String(repeating: "v", count: 30_000) + "\r\n")
        input.endMalformed()
        #expect(input.isInsideCommand)
    }
}
