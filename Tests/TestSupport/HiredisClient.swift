import CHiredis
import Foundation

/// hiredis' own encoder and reader: the independent judge of what the proxy answers (RESP2).
///
/// For one thread only.
public final class HiredisClient {
    private let connection: RawConnection
    private let reader: UnsafeMutablePointer<redisReader>
    private var pipeline: [UInt8] = []

    /// Connects to a loopback port; every later wait ends after `limit`.
    public init(port: Int, limit: Duration = .seconds(30)) throws {
        self.connection = try RawConnection(port: port, limit: limit)
        guard let reader = redisReaderCreate() else { throw TestSupportError("hiredis: out of memory") }
        self.reader = reader
    }

    deinit { redisReaderFree(self.reader) }

    /// Sends a command and waits for its reply.
    @discardableResult
    public func command(_ arguments: String...) throws -> Reply {
        try self.command(arguments.map { Array($0.utf8) })
    }

    /// Sends a command, given as its words, and waits for its reply.
    @discardableResult
    public func command(_ words: [String]) throws -> Reply {
        try self.command(words.map { Array($0.utf8) })
    }

    /// Sends a command of bytes and waits for its reply.
    @discardableResult
    public func command(_ arguments: [[UInt8]]) throws -> Reply {
        try self.append(arguments)
        return try self.reply()
    }

    /// Puts a command into the pipeline without sending it.
    public func append(_ arguments: String...) throws {
        try self.append(arguments.map { Array($0.utf8) })
    }

    /// Puts a command of bytes into the pipeline without sending it.
    public func append(_ arguments: [[UInt8]]) throws {
        // One block holds all arguments, so that their addresses stay what they are during the call.
        let joined = Array(arguments.joined())
        let lengths = arguments.map(\.count)
        var command: UnsafeMutablePointer<CChar>?
        let length = joined.withUnsafeBytes { bytes in
            var starts: [UnsafePointer<CChar>?] = []
            var offset = 0
            return withUnsafePointer(to: CChar(0)) { empty in
                for length in lengths {
                    let start = bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
                    starts.append(start ?? empty)
                    offset += length
                }
                return Int(redisFormatCommandArgv(&command, Int32(arguments.count), &starts, lengths))
            }
        }
        guard let command, length >= 0 else { throw TestSupportError("hiredis: cannot encode a command") }
        self.pipeline += UnsafeRawBufferPointer(start: command, count: length)
        redisFreeCommand(command)
    }

    /// Sends what is in the pipeline and waits for the next reply.
    public func reply() throws -> Reply {
        var pipeline: [UInt8] = []
        swap(&pipeline, &self.pipeline)
        try self.connection.send(pipeline)
        while true {
            var raw: UnsafeMutableRawPointer?
            guard redisReaderGetReply(self.reader, &raw) == REDIS_OK else { throw self.failure() }
            if let raw {
                defer { freeReplyObject(raw) }
                return Reply(raw.assumingMemoryBound(to: redisReply.self).pointee)
            }
            let bytes = try self.connection.receiveSome()
            if bytes.isEmpty { throw TestSupportError("hiredis: the server closed the connection") }
            let code = bytes.withUnsafeBytes { bytes in
                redisReaderFeed(self.reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
            guard code == REDIS_OK else { throw self.failure() }
        }
    }

    /// The next `count` replies.
    public func replies(_ count: Int) throws -> [Reply] {
        try (0..<count).map { _ in try self.reply() }
    }

    private func failure() -> TestSupportError {
        var message = self.reader.pointee.errstr
        let text = withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return TestSupportError("hiredis: \(text)")
    }
}
