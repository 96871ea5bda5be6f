import NIOCore
import RESPParser

/// A model of a Redis server: what it answers, whom it tracks and what it announces, as far as the proxy's coherence depends on it.
///
/// Every command moves ``sequence`` on; what a relayed command answers names it, so that a client knows how new its reply is.
final class ModelServer {
    /// What a key was, from a point of the sequence on.
    struct Version {
        /// nil: absent.
        var value: String?
        var sequence: Int
        var time: UInt64
        /// When it ceases to be, announced or not.
        var expiry: UInt64?
        /// Nobody is told of it, by design: a `SWAPDB`, a restart.
        var isSilent = false
    }

    final class Client {
        let id: Int
        var outgoing: [UInt8] = []
        var isClosed = false
        var database = 0
        var redirect: Int?
        var queue: [[String]]?
        var isSubscribed = false
        fileprivate var parser = CommandParser()
        fileprivate var incoming = ByteBuffer()

        init(id: Int) { self.id = id }
    }

    /// What has happened to the data, on whichever server they were.
    final class Chronicle {
        fileprivate(set) var sequence = 0
        /// Of each key of database 0, all that it has been.
        fileprivate(set) var history: [String: [Version]] = [:]
    }

    /// What the server is, where there are several.
    enum Role {
        case primary
        /// It is none any more, though it says so: it answers reads, and refuses writes.
        case replaced
        /// It has the data as of when it was made, until it is promoted.
        case replica
    }

    let chronicle: Chronicle
    var history: [String: [Version]] { chronicle.history }
    private var sequence: Int {
        get { chronicle.sequence }
        set { chronicle.sequence = newValue }
    }
    private(set) var now: () -> UInt64
    var role = Role.primary
    private(set) var clients: [Int: Client] = [:]
    private var databases: [[String: Version]] = [[:], [:]]
    /// Who has read a key and is to be told.
    private var tracked: [String: Set<Int>] = [:]
    private var nextID = 1
    private var run: Int
    private var swaps = 0
    /// For longer replies it says that it ends connections; nil: for none.
    var replyLimit: Int?

    init(now: @escaping () -> UInt64) {
        self.now = now
        chronicle = Chronicle()
        run = 1
    }

    /// A replica of `primary`, whose data do not move on before it is promoted.
    init(replicaOf primary: ModelServer, run: Int) {
        now = primary.now
        chronicle = primary.chronicle
        databases = primary.databases
        replyLimit = primary.replyLimit
        self.run = run
        role = .replica
    }

    /// It takes the place of `primary`, with its data, and announces nothing of it; the other goes on as if nothing had happened, but for writes.
    func promote(over primary: ModelServer) {
        primary.role = .replaced
        role = .primary
        databases = primary.databases
        sequence += 1
        for key in Set(databases[0].keys).union(history.keys).sorted() {
            let version = databases[0][key]
            note(key, version?.value, expiry: version?.expiry, isSilent: true)
        }
    }

    /// All its connections end.
    func killAll() {
        for client in clients.values { kill(client) }
    }

    // MARK: Connections

    func connect() -> Client {
        let client = Client(id: nextID)
        nextID += 1
        clients[client.id] = client
        return client
    }

    /// The connection ends; what was announced for it and has not been sent is lost.
    func kill(_ client: Client) {
        client.isClosed = true
        // Its id may be another's by now: ids start over with the server.
        if clients[client.id] === client { clients[client.id] = nil }
    }

    /// Empty, under the same address: ids start over.
    func restart() {
        for client in clients.values { client.isClosed = true }
        clients = [:]
        tracked = [:]
        nextID = 1
        run += 1
        swaps = 0
        sequence += 1
        for key in databases[0].keys.sorted() { note(key, nil, isSilent: true) }
        databases = [[:], [:]]
    }

    func receive(_ bytes: [UInt8], from client: Client) throws {
        client.incoming.writeBytes(bytes)
        while !client.isClosed {
            let buffer = client.incoming
            guard case .multibulk(let length) = try client.parser.parse(buffer.readableBytesSpan) else { return }
            let words = client.parser.arguments.map { range in
                buffer.getString(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ""
            }
            client.incoming.moveReaderIndex(forwardBy: length)
            let reply = answer(words, client)
            client.outgoing += Array(reply.utf8)
        }
    }

    // MARK: Commands

    /// Runs a command that does not come through the proxy.
    func run(_ words: String...) { _ = execute(words, nil) }

    private func answer(_ words: [String], _ client: Client) -> String {
        switch words[0].lowercased() {
        case "multi":
            client.queue = []
            return "+OK\r\n"
        case "exec":
            let queue = client.queue ?? []
            client.queue = nil
            return "*\(queue.count)\r\n" + queue.map { execute($0, client) }.joined()
        default:
            guard client.queue == nil else {
                client.queue?.append(words)
                return "+QUEUED\r\n"
            }
            return execute(words, client)
        }
    }

    private func execute(_ words: [String], _ client: Client?) -> String {
        sequence += 1
        let isWrite = ["set", "mset", "del", "eval", "incr", "swapdb"].contains(words[0].lowercased())
        if role != .primary, isWrite { return "-READONLY You can't write against a read only replica.\r\n" }
        switch words[0].lowercased() {
        case "get": return bulk(read(words[1], client)?.value)
        case "pttl":
            guard let version = read(words[1], client) else { return ":-2\r\n" }
            guard let expiry = version.expiry else { return ":-1\r\n" }
            return ":\((expiry - now()) / 1_000_000)\r\n"
        case "mget": return "*\(words.count - 1)\r\n" + words.dropFirst().map { bulk(read($0, client)?.value) }.joined()
        case "set":
            write(words[1], words[2], life: words.count > 4 ? UInt64(words[4]) : nil, client)
            return "+OK\r\n"
        case "mset":
            for index in stride(from: 1, to: words.count - 1, by: 2) { write(words[index], words[index + 1], client) }
            return "+OK\r\n"
        case "del":
            for key in words.dropFirst() { write(key, nil, client) }
            return ":1\r\n"
        // A script whose keys are not declared; behind the count of keys stand pairs.
        case "eval":
            for index in stride(from: 3, to: words.count - 1, by: 2) { write(words[index], words[index + 1], client) }
            return ":\(sequence)\r\n"
        case "incr": return ":\(sequence)\r\n"
        case "swapdb":
            swaps += 1
            swap()
            return "+OK\r\n"
        default: return administer(words, client)
        }
    }

    private func administer(_ words: [String], _ client: Client?) -> String {
        switch words.prefix(2).map({ $0.lowercased() }) {
        case ["ping"]: return client?.isSubscribed == true ? "*2\r\n$4\r\npong\r\n$0\r\n\r\n" : "+PONG\r\n"
        case ["command"]: return Self.commandTable
        case ["client", "id"]: return ":\(client?.id ?? 0)\r\n"
        case ["client", "tracking"]:
            client?.redirect = words[2] == "ON" ? Int(words[4]) : nil
            return "+OK\r\n"
        case ["subscribe", "__redis__:invalidate"]:
            client?.isSubscribed = true
            return "*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n"
        case ["info", "server"]: return bulk("run_id:run\(run)\r\n")
        case ["info", "replication"]:
            return bulk("role:\(role == .replica ? "slave" : "master")\r\nmaster_replid:run\(run)\r\n")
        case ["info", "commandstats"]: return bulk("cmdstat_swapdb:calls=\(swaps),\r\n")
        case ["config", "get"]:
            guard words[2].hasPrefix("client"), let replyLimit else { return "*0\r\n" }
            return "*2\r\n" + bulk("client-output-buffer-limit") + bulk("normal \(replyLimit) 0 0")
        case ["select", "1"], ["select", "0"]:
            client?.database = Int(words[1]) ?? 0
            return "+OK\r\n"
        default: return "-ERR unknown command '\(words[0])'\r\n"
        }
    }

    // MARK: Keys

    private func read(_ key: String, _ client: Client?) -> Version? {
        let database = client?.database ?? 0
        if let client, client.redirect != nil { tracked[key, default: []].insert(client.id) }
        guard let version = databases[database][key] else { return nil }
        guard let expiry = version.expiry, expiry <= now() else { return version }
        expire(key, in: database)
        return nil
    }

    /// Deletes what has expired, and only then tells of it.
    func expireOne() {
        guard let key = databases[0].filter({ ($1.expiry ?? .max) <= now() }).keys.min() else { return }
        expire(key, in: 0)
    }

    private func expire(_ key: String, in database: Int) {
        databases[database][key] = nil
        announce(key)
    }

    private func write(_ key: String, _ value: String?, life: UInt64? = nil, _ client: Client?) {
        let database = client?.database ?? 0
        let expiry = life.map { now() + $0 * 1_000_000 }
        databases[database][key] = value.map {
            Version(value: $0, sequence: sequence, time: now(), expiry: expiry)
        }
        if database == 0 { note(key, value, expiry: expiry) }
        announce(key)
    }

    private func note(_ key: String, _ value: String?, expiry: UInt64? = nil, isSilent: Bool = false) {
        chronicle.history[key, default: []].append(
            Version(value: value, sequence: sequence, time: now(), expiry: expiry, isSilent: isSilent))
    }

    private func announce(_ key: String) {
        for reader in tracked.removeValue(forKey: key)?.sorted() ?? [] {
            guard let redirect = clients[reader]?.redirect, let listener = clients[redirect], listener.isSubscribed
            else { continue }
            let message = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n" + bulk(key)
            listener.outgoing += Array(message.utf8)
        }
    }

    private func swap() {
        let keys = Set(databases[0].keys).union(databases[1].keys)
        databases.swapAt(0, 1)
        for key in keys.sorted() {
            let version = databases[0][key]
            note(key, version?.value, expiry: version?.expiry, isSilent: true)
        }
    }

    private func bulk(_ value: String?) -> String { value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n" }

    private static let commandTable: String = {
        let commands: [(String, String, Int, Int, Int, String)] = [
            ("get", "readonly", 1, 1, 1, ""), ("pttl", "readonly", 1, 1, 1, ""), ("mget", "readonly", 1, -1, 1, ""),
            ("set", "write", 1, 1, 1, ""), ("mset", "write", 1, -1, 2, ""), ("del", "write", 1, -1, 1, ""),
            ("incr", "write", 1, 1, 1, ""), ("eval", "movablekeys", 0, 0, 0, "@scripting"),
            ("multi", "fast", 0, 0, 0, "@transaction"), ("exec", "fast", 0, 0, 0, "@transaction"),
            ("ping", "fast", 0, 0, 0, "@connection"),
        ]
        let entries = commands.map { name, flag, first, last, step, category in
            let categories = category.isEmpty ? "*0\r\n" : "*1\r\n+\(category)\r\n"
            return
                "*7\r\n$\(name.utf8.count)\r\n\(name)\r\n:-1\r\n*1\r\n+\(flag)\r\n:\(first)\r\n:\(last)\r\n:\(step)\r\n"
                + categories
        }
        return "*\(entries.count)\r\n" + entries.joined()
    }()
}
