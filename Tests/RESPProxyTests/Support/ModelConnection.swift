import RESPParser

@testable import RESPProxy

/// What a connection is to a server, as far as the proxy follows it: the commands go in, the replies come out.
///
/// Its users: `default`, who needs no password, `bob`, and `filler`, whose password nobody in a test knows.
struct ModelConnection {
    private(set) var state = SessionState()
    private var queued: [[String]] = []
    private var channels: Set<String> = []
    /// Whether it is what a new connection is, but for its version and user.
    var isDefault: Bool {
        var state = state
        state.version = .resp2
        state.user = .new
        return state == SessionState()
    }

    var user: String {
        if case .named(let name) = state.user { String(decoding: name, as: UTF8.self) } else { "default" }
    }

    /// The frames that answer a command; none where the server has no reply to it.
    mutating func answer(_ words: [String]) -> [String] {
        let name = words[0].uppercased()
        if state.inTransaction, !["EXEC", "DISCARD", "RESET", "MULTI", "WATCH", "QUIT"].contains(name) {
            queued.append(words)
            return ["+QUEUED\r\n"]
        }
        if state.version == .resp2, state.isSubscribed,
            !["SUBSCRIBE", "UNSUBSCRIBE", "PING", "RESET", "QUIT"].contains(name)
        {
            return ["-ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / PING / QUIT / RESET are allowed\r\n"]
        }
        switch name {
        case "MULTI":
            if state.inTransaction { return ["-ERR MULTI calls can not be nested\r\n"] }
            state.inTransaction = true
        case "EXEC": return execute()
        case "DISCARD":
            guard state.inTransaction else { return ["-ERR DISCARD without MULTI\r\n"] }
            state.endTransaction()
            queued = []
        case "WATCH":
            if state.inTransaction { return ["-ERR WATCH inside MULTI is not allowed\r\n"] }
            state.isWatching = true
        case "UNWATCH": state.isWatching = false
        case "SELECT":
            guard let database = Int(words[1]), database < 16 else { return ["-ERR DB index is out of range\r\n"] }
            state.database = database
        case "AUTH": return authenticate(words.count == 2 ? "default" : words[1], words.last ?? "")
        case "HELLO": return hello(words)
        case "RESET":
            self = ModelConnection()
            return ["+RESET\r\n"]
        case "SUBSCRIBE", "UNSUBSCRIBE": return subscribe(name, words.dropFirst())
        case "MONITOR": state.matching = .monitoring
        case "CLIENT" where words[1] == "INFO": return [clientInfo(of: state)]
        case "CLIENT" where words[1] == "TRACKING":
            state.isTracked = words[2] == "ON"
            if state.version == .resp2, state.isTracked {
                state.isTracked = false
                return ["-ERR Client tracking can be enabled only in RESP3 mode or when in pubsub mode\r\n"]
            }
        case "PING": return [ping(words)]
        case "REPLCONF": return []
        case "SET", "QUIT", "CLIENT": break
        default: return ["$1\r\nv\r\n"]
        }
        return ["+OK\r\n"]
    }

    private func ping(_ words: [String]) -> String {
        let text = words.count > 1 ? bulk(Array(words[1].utf8)) : "+PONG\r\n"
        guard state.version == .resp2, state.isSubscribed else { return text }
        return "*2\r\n$4\r\npong\r\n" + (words.count > 1 ? text : "$0\r\n\r\n")
    }

    private mutating func execute() -> [String] {
        guard state.inTransaction else { return ["-ERR EXEC without MULTI\r\n"] }
        state.endTransaction()
        let commands = queued
        queued = []
        // A subscription to several channels has more replies than the array says; what is too many comes behind it.
        let replies = commands.map { answer($0) }
        let elements = replies.flatMap { $0 }
        return ["*\(commands.count)\r\n" + elements.prefix(commands.count).joined()]
            + elements.dropFirst(commands.count)
    }

    private mutating func authenticate(_ user: String, _ password: String) -> [String] {
        guard user == "default" || user == "bob" && password == "bobpw" else {
            return ["-WRONGPASS invalid username-password pair or user is disabled.\r\n"]
        }
        state.user = .named(Array(user.utf8))
        return ["+OK\r\n"]
    }

    private mutating func hello(_ words: [String]) -> [String] {
        if let place = words.firstIndex(of: "AUTH") {
            let reply = authenticate(words[place + 1], words[place + 2])
            guard reply == ["+OK\r\n"] else { return reply }
        }
        if words.count > 1, let number = Int(words[1]), let version = RESPVersion(rawValue: number) {
            state.version = version
        }
        return [greeting(state.version)]
    }

    private mutating func subscribe(_ name: String, _ given: ArraySlice<String>) -> [String] {
        let isSubscription = name == "SUBSCRIBE"
        let named = given.isEmpty ? (channels.isEmpty ? ["none"] : channels.sorted()) : Array(given)
        return named.map { channel in
            if isSubscription { channels.insert(channel) } else { channels.remove(channel) }
            state.channels = channels.count
            return confirmation(name.lowercased(), channel, channels.count, state.version)
        }
    }
}

/// What `HELLO` is answered with, cut short.
func greeting(_ version: RESPVersion) -> String {
    (version == .resp2 ? "*4" : "%2") + "\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:\(version.rawValue)\r\n"
}

func confirmation(_ kind: String, _ channel: String, _ left: Int, _ version: RESPVersion) -> String {
    "\(version == .resp2 ? "*" : ">")3\r\n$\(kind.utf8.count)\r\n\(kind)\r\n$\(channel.utf8.count)\r\n\(channel)\r\n:\(left)\r\n"
}
