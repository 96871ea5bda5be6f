import FuzzSupport
import ParserFeeds
import RESPParser

/// What clients send: whichever way it is cut the same commands come out, and what is streamed on ends where it would have ended.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let limits = limits(input.choices)
    let whole = parseCommands([input.bytes], limits: limits)
    hold(parseCommands(input.byteByByte, limits: limits) == whole, "byte by byte it is something else")
    hold(parseCommands(input.pieces, limits: limits) == whole, "in pieces it is something else")
    for command in whole { checkRoundTrip(command) }
    let gathered = ends(of: input.pieces, limits: limits, streams: false)
    let streamed = ends(of: input.pieces, limits: limits, streams: true)
    hold(streamed == gathered, "streamed it ends elsewhere: \(streamed), gathered \(gathered)")
    return 0
}

/// Those of Redis, those before the login, and some so narrow that short inputs reach them.
private func limits(_ choices: UInt8) -> CommandLimits {
    switch choices & 3 {
    case 0: .redis
    case 1: .redisUnauthenticated
    default:
        CommandLimits(
            inlineLength: 24, arguments: 3, bulkLength: 8, unauthenticated: choices & 4 != 0)
    }
}

/// Encoded anew, a command is the same command.
private func checkRoundTrip(_ command: ParsedCommand) {
    switch command {
    case .multibulk(let arguments), .inline(let arguments):
        var bytes: [UInt8] = []
        RESPEncoder.command(arguments, into: &bytes)
        hold(parseCommands([bytes]) == [.multibulk(arguments)], "encoded anew it is something else")
    case .line, .nothing, .error, .rest: break
    }
}

/// Where commands end, and where what is refused.
private enum Ending: Equatable {
    case end(Int)
    case error(ProtocolError, commandAt: Int)
}

/// Feeds pieces as a session does, which passes long commands on as they come.
private func ends(of pieces: [[UInt8]], limits: CommandLimits, streams: Bool) -> [Ending] {
    var parser = CommandParser(limits: limits)
    var held: [UInt8] = []
    var found: [Ending] = []
    var (passed, command) = (0, 0)
    var isStreaming = false
    for piece in pieces {
        held += piece
        do throws(ProtocolError) {
            while let length = try parser.parse(held.span.bytes).length {
                hold(length <= held.count, "a command is longer than what has come")
                held.removeFirst(length)
                passed += length
                command = passed
                isStreaming = false
                found.append(.end(passed))
            }
        } catch {
            return found + [.error(error, commandAt: command)]
        }
        guard streams else { continue }
        // From the start of streaming on the parser is passed each byte once.
        let dropped = isStreaming ? held.count : parser.startStreaming()
        isStreaming = isStreaming || dropped > 0
        held.removeFirst(dropped)
        passed += dropped
    }
    return found
}
