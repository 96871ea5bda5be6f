import NIOCore
import RESPParser

/// What a client has sent, taken command by command. A struct that touches no socket.
struct ClientInput {
    /// What is done with what comes.
    enum Intake {
        case commands
        /// A command of at least ``streamingThreshold`` bytes is passed on as it comes.
        case streaming
        /// The same, but the server to pass it to cannot be reached, and its error has been sent.
        case skipping
        /// After `SYNC`: passed on unread.
        case tunnel
        /// Nothing more is taken: a protocol error, `QUIT`, or the end.
        case ended
    }

    /// What stands at the beginning of what has come.
    enum Next {
        /// Nothing that is whole: more must come.
        case nothing
        case command(ParsedCommand)
        /// The next part of the command that is passed on as it comes.
        case part(length: Int, isLast: Bool)
        /// What Redis takes for a command without doing anything: an empty line.
        case empty(length: Int)
        case malformed(ProtocolError)
    }

    /// An unfinished command of at least this many bytes is passed on as it comes instead of being kept.
    static let streamingThreshold = 65_536

    private(set) var intake = Intake.commands
    /// The command that is passed on as it comes has no end: what follows is none of the protocol's.
    private(set) var isCommandBroken = false
    private var bytes = ByteBuffer()
    private var parser = CommandParser()

    var readableBytes: Int { bytes.readableBytes }

    /// Whether what has been passed on, or is being, is a command that has not come whole.
    var isInsideCommand: Bool { intake == .streaming || isCommandBroken }

    /// The limits for what is parsed from now on.
    mutating func limit(to limits: CommandLimits) { parser.limits = limits }

    /// The client has sent something.
    mutating func receive(_ received: ByteBuffer) {
        guard intake != .ended else { return }
        if bytes.readableBytes == 0 {
            bytes = received
        } else {
            bytes.discardReadBytes()
            bytes.writeImmutableBuffer(received)
        }
    }

    /// The next read of the socket may use the same memory again, where nothing is left in it.
    mutating func releaseMemory() {
        if bytes.readableBytes == 0 { bytes = ByteBuffer() }
    }

    /// Finds what comes next. It stays where it is, and is found again, until it is taken or dropped.
    @inline(__always)
    mutating func next() -> Next {
        let result: CommandParseResult
        // A span needs an owner that stays.
        let received = bytes
        do throws(ProtocolError) {
            result = try parser.parse(received.readableBytesSpan)
        } catch {
            return .malformed(error)
        }
        switch result {
        case .multibulk(let length) where intake == .commands:
            let view = CommandView(
                buffer: received, arguments: parser.arguments, isFramedToTheLetter: parser.isFramedToTheLetter)
            return .command(ParsedCommand(view: view, form: .asReceived, length: length))
        case .multibulk(let length):
            return .part(length: length, isLast: true)
        case .incomplete where intake == .commands:
            return largeBeginning(in: received)
        case .incomplete:
            return .part(length: received.readableBytes, isLast: false)
        case .nothing(let length):
            return .empty(length: length)
        case .inline(let length):
            let view = CommandView(
                buffer: ByteBuffer(bytes: parser.inlineAsMultibulk), arguments: parser.arguments)
            return .command(ParsedCommand(view: view, form: .encoded, length: length))
        case .line(let length):
            let view = CommandView(buffer: received, arguments: parser.arguments)
            return .command(ParsedCommand(view: view, form: .line, length: length))
        }
    }

    /// An unfinished command: kept while it is small, passed on as it comes once it is large.
    private func largeBeginning(in received: ByteBuffer) -> Next {
        guard received.readableBytes >= Self.streamingThreshold, let announced = parser.announcedArguments else {
            return .nothing
        }
        let view = CommandView(
            buffer: received, arguments: parser.arguments, announced: max(announced, parser.arguments.count + 1))
        return .command(ParsedCommand(view: view, form: .beginning, length: 0))
    }

    /// Whether what stands first, and is malformed by the limits in force, is not by these.
    func isRight(within limits: CommandLimits) -> Bool {
        guard intake == .commands else { return false }
        let received = bytes
        var parser = CommandParser(limits: limits)
        return (try? parser.parse(received.readableBytesSpan)) != nil
    }

    /// What stands first is looked at anew, from its first byte: it was malformed by limits that may not hold any more.
    mutating func startAnew() { parser = CommandParser(limits: parser.limits) }

    // MARK: Taking

    /// Takes a command, as it goes to the server.
    mutating func take(_ command: ParsedCommand) -> ByteBuffer {
        switch command.form {
        case .asReceived, .line:
            return takeBytes(command.length)
        case .encoded:
            bytes.moveReaderIndex(forwardBy: command.length)
            return command.view.buffer
        case .beginning:
            intake = .streaming
            return takeBytes(parser.startStreaming())
        }
    }

    /// Drops a command: it does not go to the server as it is. Of one that has only begun the rest is dropped, too.
    mutating func drop(_ command: ParsedCommand) {
        switch command.form {
        case .asReceived, .line, .encoded:
            bytes.moveReaderIndex(forwardBy: command.length)
        case .beginning:
            intake = .skipping
            bytes.moveReaderIndex(forwardBy: parser.startStreaming())
        }
    }

    /// Takes a part of the command that is passed on as it comes; nil where it is dropped.
    mutating func takePart(length: Int, isLast: Bool) -> ByteBuffer? {
        let isDropped = intake != .streaming
        if isLast { intake = .commands }
        let part = takeBytes(length)
        return isDropped ? nil : part
    }

    /// Drops an empty line.
    mutating func dropEmpty(length: Int) { bytes.moveReaderIndex(forwardBy: length) }

    /// Takes everything, as it is.
    mutating func takeAll() -> ByteBuffer { takeBytes(bytes.readableBytes) }

    private mutating func takeBytes(_ length: Int) -> ByteBuffer { bytes.readSlice(length: length) ?? ByteBuffer() }

    /// Drops everything.
    mutating func clear() { bytes.clear() }

    // MARK: What is done with what comes

    /// The server has accepted `SYNC`.
    mutating func becomeTunnel() { intake = .tunnel }

    /// Nothing more is taken.
    mutating func end() { intake = .ended }

    /// What follows is none of the protocol's. In the middle of a command that is passed on, that has no end then.
    mutating func endMalformed() {
        if intake == .streaming { isCommandBroken = true }
        intake = .ended
    }
}
