import RESPParser

/// What `CLIENT INFO` says of the connection that it is asked on (https://redis.io/docs/latest/commands/client-list/), as far as the
/// proxy follows it.
struct ClientStanding: Equatable, Sendable {
    private let fields: [[UInt8]: [UInt8]]

    /// nil where the frame is no such reply.
    init?(_ reply: ReplyGlimpse) {
        guard reply.type == UInt8(ascii: "$") || reply.type == UInt8(ascii: "="),
            let lineFeed = reply.head.firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        // RESP3 has it as a verbatim string.
        var line = reply.head[(lineFeed + 1)...]
        if reply.type == UInt8(ascii: "=") { line = line.dropFirst(4) }
        guard line.starts(with: "id=".utf8) else { return nil }
        var fields: [[UInt8]: [UInt8]] = [:]
        // Neither names nor users contain blanks: the server refuses them.
        for field in line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == 0x0D || $0 == 0x0A }) {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
            fields[Array(field[..<equals])] = Array(field[(equals + 1)...])
        }
        guard fields[Array("db".utf8)] != nil, fields[Array("user".utf8)] != nil else { return nil }
        self.fields = fields
    }

    private subscript(_ name: StaticString) -> [UInt8]? {
        name.withUTF8Buffer { fields[Array($0)] }
    }

    private func integer(_ name: StaticString) -> Int? {
        self[name].flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether the session is what the replies have made it out to be.
    ///
    /// What a server does not tell (`ssub` and `resp` before 7.0, `watch` before 7.4) is not compared.
    func agrees(with state: SessionState, newUser: [UInt8]) -> Bool {
        let flags = self["flags"] ?? []
        return self["user"] == state.user.name(ofNew: newUser) && integer("db") == state.database
            // Not by `multi`, which Valkey gives as 0 where there is no transaction, too.
            && flags.contains(UInt8(ascii: "x")) == state.inTransaction
            && integer("sub") ?? 0 == state.channels && integer("psub") ?? 0 == state.patterns
            && integer("ssub").map { $0 == state.shardChannels } != false
            && integer("watch").map { ($0 > 0) == state.isWatching } != false
            && integer("resp").map { $0 == state.version.rawValue } != false
            && flags.contains(UInt8(ascii: "t")) == state.isTracked
            && !flags.contains { Self.foreign.contains($0) }
    }

    /// Of a monitor, a replica, a primary.
    private static let foreign = Set("OSM".utf8)
}
