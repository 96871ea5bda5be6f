import CHiredis
import Foundation

/// hiredis' own synchronous client: the independent judge of what the proxy answers (RESP2).
///
/// For one thread only.
public final class HiredisClient {
    private let context: UnsafeMutablePointer<redisContext>

    /// Connects to a loopback port; every later wait ends after `limit`.
    public init(port: Int, limit: Duration = .seconds(30)) throws {
        ignoreBrokenPipes()
        let wait = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        guard let context = redisConnectWithTimeout("127.0.0.1", Int32(port), wait) else {
            throw TestSupportError("hiredis: out of memory")
        }
        self.context = context
        try self.check()
        // hiredis' sockets would otherwise live on in processes started meanwhile, and never be seen to close.
        _ = fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC)
        redisSetTimeout(context, wait)
    }

    deinit { redisFree(self.context) }

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
        let code = joined.withUnsafeBytes { bytes in
            var starts: [UnsafePointer<CChar>?] = []
            var offset = 0
            withUnsafePointer(to: CChar(0)) { empty in
                for length in lengths {
                    let start = bytes.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
                    starts.append(start ?? empty)
                    offset += length
                }
            }
            return redisAppendCommandArgv(self.context, Int32(arguments.count), &starts, lengths)
        }
        guard code == REDIS_OK else { throw self.failure() }
    }

    /// Sends what is in the pipeline and waits for the next reply.
    public func reply() throws -> Reply {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReply(self.context, &raw) == REDIS_OK, let raw else { throw self.failure() }
        defer { freeReplyObject(raw) }
        return Reply(raw.assumingMemoryBound(to: redisReply.self).pointee)
    }

    /// The next `count` replies.
    public func replies(_ count: Int) throws -> [Reply] {
        try (0..<count).map { _ in try self.reply() }
    }

    private func check() throws {
        if self.context.pointee.err != 0 { throw self.failure() }
    }

    private func failure() -> TestSupportError {
        var message = self.context.pointee.errstr
        let text = withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return TestSupportError("hiredis: \(text)")
    }
}
