import TestSupport

/// A client that reads hot keys through the proxy and records what it saw.
final class HistoryReader {
    enum Face: String, CaseIterable {
        case resp2 = "RESP2"
        case resp3 = "RESP3"
        case http = "HTTP"
    }

    private let face: Face
    private let clock: HistoryClock
    private let connect: () throws -> RawConnection
    private let keys: [String]
    private let pair: [String]
    private let newSession: () -> Int
    private var session = 0
    private var connection: RawConnection?
    private var generator: SeededGenerator
    private(set) var reads: [RecordedRead] = []
    private(set) var failures = 0

    init(
        _ face: Face, keys: [String], pair: [String], clock: HistoryClock, seed: UInt64,
        newSession: @escaping () -> Int, connect: @escaping () throws -> RawConnection
    ) {
        self.face = face
        self.keys = keys
        self.pair = pair
        self.clock = clock
        self.newSession = newSession
        self.connect = connect
        self.generator = SeededGenerator(seed: seed)
    }

    /// Sends a few commands in one go and takes their replies. Errors end the session, and another begins.
    func read() {
        do {
            let connection = try self.connection ?? self.open()
            if self.face == .http { try self.readOverHTTP(connection) } else { try self.readPipeline(connection) }
        } catch {
            self.failures += 1
            self.connection = nil
            // The proxy or its server is away; it is asked again, but not as fast as the machine can.
            pause(.milliseconds(5))
        }
    }

    private func open() throws -> RawConnection {
        let connection = try self.connect()
        if self.face == .resp3 { _ = try connection.roundTrip("HELLO", "3") }
        self.session = self.newSession()
        self.connection = connection
        return connection
    }

    private func readOverHTTP(_ connection: RawConnection) throws {
        let key = self.anyKey()
        let began = self.clock.now
        let response = try connection.httpGet("/\(key)")
        let ended = self.clock.now
        let value: Observation.Value
        switch response.status {
        case 204: value = .absent
        case 200: value = Self.value(response.text.split(separator: "\"").last { $0 != "}" }.map(String.init) ?? "")
        default: throw TestSupportError("\(response.status)")
        }
        self.reads.append(
            RecordedRead(
                session: self.session, began: began, ended: ended, how: "HTTP",
                observations: [Observation(key: key, value: value)]))
    }

    private func readPipeline(_ connection: RawConnection) throws {
        let questions = (0..<Int.random(in: 1...4, using: &self.generator)).map { _ in self.question() }
        let began = self.clock.now
        try connection.send(questions.flatMap { $0.commands.flatMap { encodeCommand($0.map { Array($0.utf8) }) } })
        for question in questions {
            var reply = ""
            for _ in question.commands { reply = String(decoding: try connection.receiveReply(), as: UTF8.self) }
            let ended = self.clock.now
            if reply.hasPrefix("-") { throw TestSupportError(reply) }
            let values = question.keys.isEmpty ? [] : Self.values(reply)
            guard values.count == question.keys.count else { throw TestSupportError("not understood: \(reply)") }
            self.reads.append(
                RecordedRead(
                    session: self.session, began: began, ended: ended,
                    how: "\(self.face.rawValue) \(question.commands.last?[0] ?? "")", isRelayed: question.isRelayed,
                    isPair: question.keys == self.pair,
                    observations: zip(question.keys, values).map { Observation(key: $0, value: $1) }))
        }
    }

    /// What is asked, and which keys' values the last reply contains.
    private struct Question {
        var commands: [[String]]
        var keys: [String] = []
        var isRelayed = false
    }

    private func question() -> Question {
        let key = self.anyKey()
        switch Int.random(in: 0..<100, using: &self.generator) {
        case 0..<5: return Question(commands: [["MGET"] + self.keys], keys: self.keys)
        case 5..<18: return Question(commands: [["MGET"] + self.pair], keys: self.pair)
        case 18..<22: return Question(commands: [["GETRANGE", key, "0", "-1"]], keys: [key])
        case 22..<24: return Question(commands: [["INCR", "lock"]], isRelayed: true)
        case 24..<26: return Question(commands: [["SET", "lock", "1"]], isRelayed: true)
        case 26..<28: return Question(commands: [["EVAL", "return 1", "0"]], isRelayed: true)
        case 28..<30: return Question(commands: [["MULTI"], ["GET", key], ["EXEC"]], keys: [key], isRelayed: true)
        default: return Question(commands: [["GET", key]], keys: [key])
        }
    }

    private func anyKey() -> String {
        let all = self.keys + self.pair
        return all[Int.random(in: 0..<all.count, using: &self.generator)]
    }

    /// The strings and nulls of a reply, at any depth.
    private static func values(_ reply: String) -> [Observation.Value] {
        var values: [Observation.Value] = []
        var lines = reply.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        while let line = lines.popFirst() {
            if line == "$-1" || line == "_" {
                values.append(.absent)
            } else if line.hasPrefix("$"), let text = lines.popFirst() {
                // GETRANGE answers an empty string for what is absent, and no value here is empty.
                values.append(text.isEmpty ? .absent : self.value(String(text)))
            }
        }
        return values
    }

    private static func value(_ text: String) -> Observation.Value {
        Int(text).map { .version($0) } ?? .strange(text)
    }
}
