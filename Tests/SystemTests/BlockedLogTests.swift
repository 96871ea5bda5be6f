import Foundation
import TestSupport
import Testing

@Suite("a standard error that nobody reads holds nobody up", .blocking)
struct BlockedLogTests {
    /// A pipe with a name, with room for one page.
    private final class FullPipe {
        let path: String
        private let folder: TemporaryFolder
        private let descriptor: Int32

        init() throws {
            folder = try TemporaryFolder()
            path = folder.path("errors")
            guard mkfifo(path, 0o666) == 0 else { throw TestSupportError("no pipe") }
            // 1031 is F_SETPIPE_SZ.
            descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0, fcntl(descriptor, 1031, 4096) > 0 else { throw TestSupportError("no pipe") }
        }

        deinit { close(descriptor) }

        /// What stands in it.
        func read() -> String {
            withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
                let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
            }
        }
    }

    /// Clients that are closed with a record in the log, until `isEnough`.
    private func log(_ proxy: ProxyProcess, until isEnough: () throws -> Bool) throws {
        let client = { try proxy.connection(limit: .seconds(30)) }
        for _ in 0..<40 {
            for _ in 0..<100 {
                let client = try client()
                try client.send("CLIENT REPLY OFF\r\nMULTI\r\nCLIENT REPLY ON\r\n")
                _ = try client.receiveToEnd()
            }
            if try isEnough() { return }
        }
        throw TestSupportError("never enough")
    }

    private func dropped(_ admin: HTTPClient) throws -> Int {
        let page = try admin.get("/metrics").text
        let line = page.split(separator: "\n").first { $0.hasPrefix("redis_proxy_log_records_dropped_total ") }
        return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    }

    @Test("fifty clients are served on, records are dropped and counted, and the end comes in time")
    func fullPipe() throws {
        let pipe = try FullPipe()
        let server = try RedisServer()
        let adminPort = try freePort()
        let proxy = try ProxyProcess(
            environment: [
                "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(server.port)", "ADMIN_PORT": "\(adminPort)", "THREADS": "1",
            ], errorsPath: pipe.path)
        let admin = HTTPClient(port: adminPort)
        let isOver = Flag()
        let busy = try (0..<50).map { index in
            let client = try proxy.connection(limit: .seconds(30))
            return BackgroundWork {
                var count = 0
                while !isOver.isSet {
                    count += 1
                    let reply = try client.roundTrip("INCR", "n\(index)")
                    guard reply == ":\(count)\r\n" else { throw TestSupportError(reply) }
                }
            }
        }
        defer { isOver.set() }
        try log(proxy) { try dropped(admin) > 10 }
        isOver.set()
        for client in busy { try client.wait() }

        // Once it flows again it is said how many were dropped, and of that no record is lost.
        let count = try dropped(admin)
        var text = ""
        try eventually("it is told what was dropped") {
            text += pipe.read()
            return text.contains("records=\(count) ") && text.hasSuffix("took none\n")
        }
        let lines = text.split(separator: "\n")
        let records = lines.filter { $0.contains("switches its replies on") }.count
        #expect(lines.filter { $0.contains("log records were dropped") }.count == 1)
        #expect(records > 20)

        try log(proxy) { try dropped(admin) > count }
        proxy.process.signal(SIGTERM)
        #expect(try proxy.process.wait(within: .seconds(15)) == .exited(0))
    }
}
