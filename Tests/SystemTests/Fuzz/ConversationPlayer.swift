import TestSupport

/// Plays conversations straight to one server, and through the proxy to another, and compares what comes back.
struct ConversationPlayer {
    private let redis: ProxiedRedis
    private let model: RedisServer
    private let asked: HiredisClient
    private let modelAsked: HiredisClient

    init(_ environment: [String: String]) throws {
        // What clients send without waiting is done in its order only on one event loop.
        self.redis = try ProxiedRedis(environment.merging(["THREADS": "1"]) { $1 })
        self.model = try RedisServer()
        self.asked = try self.redis.server.client()
        self.modelAsked = try self.model.client()
        guard environment["CACHE_CAPACITY"] != "0" else { return }
        let reader = try self.redis.client()
        try eventually("the cache answers") {
            _ = try reader.command("GET", "probe")
            let before = try self.redis.server.calls(of: "get")
            _ = try reader.command("GET", "probe")
            return try self.redis.server.calls(of: "get") == before
        }
    }

    /// What was different, in words; nil: nothing.
    func difference(in conversation: FuzzedConversation) throws -> String? {
        do {
            return try self.play(conversation)
        } catch is Incomparable {
            return nil
        }
    }

    private func play(_ conversation: FuzzedConversation) throws -> String? {
        for client in [self.asked, self.modelAsked] {
            try client.command("FLUSHALL")
            try client.command("SCRIPT", "FLUSH")
        }
        let straight = try (0..<FuzzedConversation.clients).map { _ in try RawConnection(port: self.model.port) }
        let through = try (0..<FuzzedConversation.clients).map { _ in try self.redis.connection() }
        var generator = conversation.cuts.map { SeededGenerator(seed: $0) }
        var isClosed = Array(repeating: false, count: straight.count)
        for (number, turn) in conversation.turns.enumerated() where !isClosed[turn.client] {
            for side in [straight, through] {
                // Of a side that has closed by itself, what it said before counts.
                if var cuts = generator {
                    try? side[turn.client].send(turn.bytes, inPiecesFrom: &cuts, upTo: max(16, turn.bytes.count / 50))
                } else {
                    try? side[turn.client].send(turn.bytes)
                }
            }
            _ = generator?.next()
            try self.awaitQuiet(self.modelAsked, of: self.model)
            for index in straight.indices where !isClosed[index] {
                let expected = try Self.available(on: straight[index])
                isClosed[index] = expected.isClosed
                if let difference = try Self.difference(
                    expected, on: through[index], mayBeSilent: conversation.mayBeSilent)
                {
                    return "turn \(number), client \(index): \(difference)"
                }
            }
            if conversation.mayBeSilent { try self.awaitSameData() }
        }
        for index in straight.indices where !isClosed[index] {
            for side in [straight, through] { side[index].finishSending() }
            let expected = (frames: try straight[index].receiveToEnd().bytes, isClosed: true)
            let actual = Result { try through[index].receiveToEnd().bytes }
            if (try? actual.get()) != expected.frames {
                return
                    "the end of client \(index): straight \(printable(expected.frames)), through \(actual.map { printable($0) })"
            }
        }
        guard try self.digest(self.asked) == self.digest(self.modelAsked) else {
            return "the servers hold different data"
        }
        return self.redis.proxy.process.isRunning ? nil : "the proxy has ended: \(self.redis.proxy.log)"
    }

    /// When nobody is connected any more, nothing of what was may be left.
    func expectNothingKept() throws {
        try eventually("its descriptors are back") { self.redis.proxy.descriptors < 60 }
        try eventually("its connections to the server are back") {
            try self.redis.server.info("connected_clients").flatMap { Int($0) } ?? 99 < 20
        }
    }

    // MARK: Waiting

    /// Waits until the server has done what it has received: what has been sent over loopback is there, and is read before the last of
    /// a few commands that are sent later.
    private func awaitQuiet(_ client: HiredisClient, of server: RedisServer) throws {
        for _ in 0..<2 { try client.command("PING") }
        try eventually("nobody is blocked") {
            let info = try client.command("INFO", "clients").string ?? ""
            return info.contains("blocked_clients:0")
        }
        for _ in 0..<2 { try client.command("PING") }
    }

    /// Where no reply tells when the server behind the proxy has done it all, its data do, and that it does no more.
    private func awaitSameData() throws {
        var before = -1
        let started = ContinuousClock.now
        // Where they never become the same, the digests at the end tell.
        while ContinuousClock.now - started < .seconds(2) {
            let processed = try self.redis.server.info("total_commands_processed").flatMap { Int($0) } ?? 0
            let isSame = try self.digest(self.asked) == self.digest(self.modelAsked)
            // Asking costs a few commands itself.
            if isSame, processed - before < 6 { return }
            before = processed
            pause(.milliseconds(2))
        }
    }

    private func digest(_ client: HiredisClient) throws -> Reply { try client.command("DEBUG", "DIGEST") }

    // MARK: Comparing

    private static func available(on connection: RawConnection) throws -> (frames: [[UInt8]], isClosed: Bool) {
        var frames: [[UInt8]] = []
        while try !connection.staysSilent(for: .microseconds(1500)) {
            do {
                frames.append(try connection.receiveReply())
            } catch {
                guard connection.hasEnded else { throw Incomparable() }
                return (frames, true)
            }
        }
        return (frames, false)
    }

    private static func difference(
        _ expected: (frames: [[UInt8]], isClosed: Bool), on connection: RawConnection, mayBeSilent: Bool
    ) throws -> String? {
        for (index, frame) in expected.frames.enumerated() {
            let actual = Result { try connection.receiveReply() }
            if let actual = try? actual.get(),
                actual == frame || withoutId(printable(actual)) == withoutId(printable(frame))
            {
                continue
            }
            // Whether such a line is taken for too long depends on how the kernel cuts it, straight as well: the rest cannot be compared.
            let both = [frame, (try? actual.get()) ?? []]
            if both.contains(where: Self.isTooLongLine) || both.allSatisfy(Self.endsSubscription) {
                throw Incomparable()
            }
            return "reply \(index): straight \(printable(frame)), through \(actual.map { printable($0) })"
        }
        guard expected.isClosed else { return nil }
        // Behind an error that it may not tell, a server closes only where an earlier reply is not out yet.
        if mayBeSilent { connection.finishSending() }
        let rest = Result { try connection.receiveToEnd().bytes }
        if let rest = try? rest.get(), Self.isTooLongLine(rest) { throw Incomparable() }
        return (try? rest.get()) == [] ? nil : "straight it is closed, through \(rest.map { printable($0) })"
    }

    /// Why two servers may answer alike and yet not be compared: a line whose length depends on how the kernel cuts it, and a reply that
    /// never becomes whole (`CLIENT REPLY OFF` inside a transaction leaves the head of its `EXEC`'s alone).
    private struct Incomparable: Error {}

    /// Without arguments, several are told in the order of the server's table of them, which is another in each process.
    private static func endsSubscription(_ frame: [UInt8]) -> Bool {
        frame.dropFirst().starts(with: "3\r\n$11\r\nunsubscribe".utf8)
            || frame.dropFirst().starts(with: "3\r\n$12\r\npunsubscribe".utf8)
    }

    private static func isTooLongLine(_ frame: [UInt8]) -> Bool {
        frame.starts(with: "-ERR Protocol error: too big inline request".utf8)
    }
}
