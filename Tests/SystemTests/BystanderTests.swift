import Foundation
import TestSupport
import Testing

private let isValkey = ServerProgram.current.family == .valkey

@Suite("what one client sends hits no other", .blocking)
struct BystanderTests {
    /// What goes wrong for eight clients that count while `action` runs, counts that are lost included.
    static func errorsOfBystanders(of redis: ProxiedRedis, during action: () throws -> Void) throws -> [String] {
        let isOver = Flag()
        let bystanders = try (0..<8).map { _ in
            let client = try redis.connection(limit: .seconds(60))
            return BackgroundWork { try Self.count(on: client, until: isOver) }
        }
        defer { isOver.set() }
        try eventually("the bystanders count") {
            Int(try redis.server.command("GET", "counter").string ?? "").map { $0 > 100 } ?? false
        }
        try action()
        isOver.set()
        let results = try bystanders.map { try $0.wait() }
        let counted = results.reduce(0) { $0 + $1.counted }
        let count = try redis.server.command("GET", "counter")
        return results.flatMap(\.errors) + (count == .text("\(counted)") ? [] : ["counted \(counted): \(count)"])
    }

    private static func count(on client: RawConnection, until isOver: Flag) throws -> (counted: Int, errors: [String]) {
        var counted = 0
        var errors: [String] = []
        while !isOver.isSet {
            let reply = try client.roundTrip("INCR", "counter")
            if reply.hasPrefix(":") { counted += 1 } else { errors.append(reply) }
        }
        return (counted, errors)
    }

    @Test("a command that is not framed to the letter is relayed as it came, also a read that the cache could answer")
    func oddlyFramed() throws {
        let redis = try ProxiedRedis()
        let client = try redis.connection()
        #expect(try client.roundTrip("SET", "k", "v") == "+OK\r\n")
        try eventually("the cache has it") {
            let before = try redis.server.calls(of: "get")
            guard try client.roundTrip("GET", "k") == "$1\r\nv\r\n" else { return false }
            return try redis.server.calls(of: "get") == before
        }
        for bytes in ["*2\r\n$3\r\nGET\r\n$1\r\nkQQ", "*2\rX$3\r\nGET\r\n$1\r\nk\r\n"] {
            let (client, straight) = (try redis.connection(), try redis.straight())
            #expect(try client.roundTrip("GET", "k") == "$1\r\nv\r\n")
            let before = try redis.server.calls(of: "get")
            try straight.send(bytes)
            // Valkey 9.1 refuses the first.
            let expected = try straight.receiveReply()
            let between = try redis.server.calls(of: "get")
            try client.send(bytes)
            #expect(try client.receiveReply() == expected)
            #expect(try redis.server.calls(of: "get") - between == between - before)
        }
    }

    @Test(
        "a command that makes the server close its client is sent on no connection that others use",
        .enabled(if: isValkey, "only Valkey wants CR and LF behind each argument"))
    func closesItsClient() throws {
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        let straight = try redis.straight()
        try straight.send("*2\r\n$4\r\nINCR\r\n$1\r\nxQQ")
        let refusal = try straight.receiveToEnd().bytes
        let errors = try Self.errorsOfBystanders(of: redis) {
            for _ in 0..<30 {
                let client = try redis.connection()
                for count in 1...2 { #expect(try client.roundTrip("INCR", "x\(count)").hasPrefix(":")) }
                try client.send("*2\r\n$4\r\nINCR\r\n$1\r\nxQQ")
                #expect(try client.receiveToEnd().bytes == refusal)
            }
        }
        #expect(errors == [])
    }

    /// Commands whose replies are longer than a megabyte, but for GET.
    private static let longReplies: [[String]] = [
        ["LRANGE", "list", "0", "-1"], ["MGET", "large", "large", "large"], ["GETRANGE", "large", "0", "-1"],
        ["HGET", "hash", "f"], ["HGETALL", "hash"], ["GETSET", "large", "x"], ["SET", "large", "x", "GET"],
        ["ECHO", String(repeating: "x", count: 100_000)],
    ]

    private static func fillLarge(_ server: RedisServer) throws {
        let value = String(repeating: "v", count: 2 << 20)
        for command in [["SET", "large", value], ["DEL", "list", "hash"], ["HSET", "hash", "f", value]] {
            _ = try server.client().command(command.map { Array($0.utf8) })
        }
        let items = repeatElement(String(repeating: "x", count: 100), count: 30_000)
        _ = try server.client().command((["RPUSH", "list"] + items).map { Array($0.utf8) })
    }

    @Test(
        "a reply for which the server ends its client ends no connection that others use",
        arguments: [
            ["--client-output-buffer-limit", "normal", "1mb", "0", "0"],
            ["--client-output-buffer-limit", "normal", "0", "600kb", "1"],
            [],
        ])
    func overOutputLimit(arguments: [String]) throws {
        let redis = try ProxiedRedis.byExpiry(redis: arguments)
        try redis.awaitSharing()
        if arguments.isEmpty {
            #expect(
                try redis.server.command("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0")
                    == .status("OK"))
            // It is looked for once a second.
            let asked = try redis.server.calls(of: "config|get")
            try eventually("it is noticed") { try redis.server.calls(of: "config|get") >= asked + 6 }
        }
        let errors = try Self.errorsOfBystanders(of: redis) {
            for _ in 0..<2 {
                try Self.fillLarge(redis.server)
                for command in Self.longReplies {
                    let client = try redis.connection()
                    // What a client says first goes on a connection of its own.
                    for _ in 0..<2 { #expect(try client.roundTrip("STRLEN", "large").hasPrefix(":")) }
                    let bytes = encodeCommand(command.map { Array($0.utf8) })
                    try client.send(Array(repeatElement(bytes, count: command[0] == "ECHO" ? 40 : 4).joined()))
                    _ = try? client.receiveToEndOrReplies(command[0] == "ECHO" ? 40 : 4)
                    client.close()
                }
            }
        }
        #expect(errors == [])
    }

    private static let keyCount = 400_000

    /// Reads keys that nobody has read yet, one after another, until `isOver` is set; gives what was not their values.
    ///
    /// - Parameter number: Of this reader, below 10.
    private static func readMisses(
        number: Int, until isOver: Flag, read: (_ key: String) throws -> String
    ) throws -> (count: Int, wrong: [String]) {
        var count = 0
        var wrong: [String] = []
        while !isOver.isSet, wrong.isEmpty {
            let key = "key:\((count * 10 + number) % keyCount)"
            let value = try read(key)
            if value != "of \(key)" { wrong.append("\(key): \(value)") }
            count += 1
        }
        return (count, wrong)
    }

    @Test(
        "a value for which the server ends its client costs nobody else the value of a key that is not cached",
        .enabled(if: !isValkey, "Valkey counts values against the limit only where they cannot be sent at once"))
    func overOutputLimitOfFills() throws {
        let redis = try ProxiedRedis(
            ["CACHE_MAX_VALUE_SIZE": "16mb"],
            redis: ["--client-output-buffer-limit", "normal", "1mb", "0", "0"])
        let fill = "for i = 0, \(Self.keyCount - 1) do redis.call('SET', 'key:' .. i, 'of key:' .. i) end"
        _ = try redis.server.command("EVAL", fill, "0")
        let value = String(repeating: "v", count: 4 << 20)
        _ = try redis.server.client().command(["SET", "long", value].map { Array($0.utf8) })
        try redis.awaitFillLanes()
        // Asked for again, it has heard the first answer.
        try eventually("the limit is known") { try redis.server.calls(of: "config|get") >= 4 }
        let pipeline = Array(repeatElement(encodeCommand(["GET", "long"].map { Array($0.utf8) }), count: 8).joined())
        let straight = try redis.straight()
        try straight.send(pipeline)
        #expect(try straight.receiveToEnd().bytes == [], "the server ends it, and sends nothing")

        let isOver = Flag()
        let isEnough = Flag()
        defer { isOver.set() }
        var readers = try (0..<8).map { number in
            let client = try redis.connection(limit: .seconds(60))
            return BackgroundWork {
                try Self.readMisses(number: number, until: isOver) { key in
                    let reply = try client.roundTrip("GET", key)
                    let value = "of \(key)"
                    return reply == "$\(value.utf8.count)\r\n\(value)\r\n" ? value : reply
                }
            }
        }
        let http = redis.http
        readers.append(
            BackgroundWork {
                defer { isEnough.set() }
                return try Self.readMisses(number: 8, until: isOver) { key in
                    if key.count > "key:108".count { isEnough.set() }
                    let response = try http.get("/\(key)", headers: ["Accept: application/octet-stream"])
                    return response.status == 200 ? response.text : "\(response.status) \(response.text)"
                }
            })
        var rounds = 0
        while rounds < 40 || !isEnough.isSet {
            let client = try redis.connection(limit: .seconds(60))
            try client.send(pipeline)
            let received = String(decoding: try client.receiveSome(), as: UTF8.self)
            #expect(received == "", "it is closed as it would be straight")
            if received != "" { break }
            rounds += 1
        }
        isOver.set()
        let results = try readers.map { try $0.wait() }
        #expect(results.flatMap(\.wrong) == [])
        #expect(results.allSatisfy { $0.count > 0 })
        try redis.awaitFillLanes()
    }

    /// The flags and the library of a client's connection.
    private static func traits(_ info: String) -> [Substring] {
        info.split(separator: " ").filter { word in
            ["flags=", "name=", "lib-name=", "lib-ver=", "capa=", "db=", "resp=", "user="].contains {
                word.hasPrefix($0)
            }
        }
    }

    @Test(
        "what a session left on its connection, which RESET does not undo, is not seen by the next",
        .enabled(if: ServerProgram.current.isSince(redis: [7, 0]), "CLIENT NO-EVICT came with Redis 7.0"))
    func leftBehindReset() throws {
        // Redis 7.0: RESET leaves NO-EVICT.
        let redis = try ProxiedRedis.byExpiry()
        try redis.awaitSharing()
        let fresh = try redis.straight().roundTrip("CLIENT", "INFO")
        for _ in 0..<10 {
            let clients = try (0..<4).map { _ in try redis.connection() }
            for client in clients {
                #expect(try client.roundTrip("CLIENT", "NO-EVICT", "ON") == "+OK\r\n")
                #expect(try client.roundTrip("CLIENT", "SETNAME", "x") == "+OK\r\n")
                #expect(try client.roundTrip("RESET") == "+RESET\r\n")
            }
            for client in clients { #expect(try client.roundTrip("PING") == "+PONG\r\n") }
            for client in clients { client.close() }
            for _ in 0..<8 {
                let info = try redis.connection().roundTrip("CLIENT", "INFO")
                #expect(Self.traits(info) == Self.traits(fresh))
            }
        }
    }

    @Test(
        "a client that says it can be sent elsewhere is not, nor is another one",
        .enabled(if: isValkey, "only Valkey sends clients elsewhere"))
    func redirectCapability() throws {
        let primary = try RedisServer()
        let redis = try ProxiedRedis.byExpiry()
        #expect(try primary.command("SET", "q", "1") == .status("OK"))
        try redis.awaitSharing()
        #expect(try redis.server.command("REPLICAOF", "127.0.0.1", "\(primary.port)") == .status("OK"))
        try eventually("it is a replica") { try redis.server.command("STRLEN", "q") == .integer(1) }
        let straight = try redis.straight()
        #expect(try straight.roundTrip("CLIENT", "CAPA", "redirect") == "+OK\r\n")
        #expect(try straight.roundTrip("STRLEN", "q").hasPrefix("-REDIRECT "))
        let capable = try redis.connection()
        #expect(try capable.roundTrip("CLIENT", "CAPA", "redirect") == "+OK\r\n")
        for client in [capable, try redis.connection(), try redis.connection()] {
            #expect(try client.roundTrip("STRLEN", "q") == ":1\r\n")
            #expect(try client.roundTrip("EVAL_RO", "return redis.call('GET',KEYS[1])", "1", "q") == "$1\r\n1\r\n")
            #expect(try client.roundTrip("SET", "q", "2").hasPrefix("-READONLY "))
        }
        #expect(try capable.roundTrip("RESET") == "+RESET\r\n")
    }

    @Test("a server that knows no maintenance notifications refuses them through the proxy as it does straight")
    func maintenanceNotifications() throws {
        let redis = try ProxiedRedis()
        let words = ["CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", "external-ip"].map {
            Array($0.utf8)
        }
        for hello in ["2", "3"] {
            let straight = try redis.straight()
            let client = try redis.connection()
            _ = try straight.roundTrip("HELLO", hello)
            _ = try client.roundTrip("HELLO", hello)
            #expect(try client.roundTrip(words) == straight.roundTrip(words))
        }
    }
}

extension RawConnection {
    /// So many replies, or fewer where the server closes.
    fileprivate func receiveToEndOrReplies(_ count: Int) throws { for _ in 0..<count { _ = try receiveReply() } }
}
