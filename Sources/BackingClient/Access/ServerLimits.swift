/// What a server ends a connection for that asks for, or sends, more than it allows.
public struct ServerLimits: Hashable, Sendable {
    /// Bytes of replies that a normal client may leave untaken (`client-output-buffer-limit`, the lower of both limits); nil: any number.
    public var untakenReplies: Int?
    /// Bytes that a client may have sent without their having been looked at (`client-query-buffer-limit`); nil: not known.
    public var unreadQueries: Int?
    /// Whether the clients that take most memory are ended where all together take too much (`maxmemory-clients`).
    public var evictsClients: Bool

    /// Limits as they are known.
    public init(untakenReplies: Int? = nil, unreadQueries: Int? = nil, evictsClients: Bool = false) {
        self.untakenReplies = untakenReplies
        self.unreadQueries = unreadQueries
        self.evictsClients = evictsClients
    }

    /// Those of a server that has the limits of Redis' defaults, or does not tell.
    public static let none = ServerLimits()

    /// Whether a long reply may end the connection that it comes on.
    public var forbidLongReplies: Bool { untakenReplies != nil || evictsClients }
}

extension ServerLimits {
    /// - Parameter settings: Names and values in turn, as `CONFIG GET` tells them.
    init(settings: [[UInt8]]) {
        self = .none
        for index in stride(from: 0, to: settings.count - 1, by: 2) {
            let value = settings[index + 1].split(separator: UInt8(ascii: " ")).map {
                String(decoding: $0, as: UTF8.self)
            }
            switch String(decoding: settings[index], as: UTF8.self) {
            case "client-output-buffer-limit": untakenReplies = Self.limit(ofNormalClients: value)
            case "client-query-buffer-limit": unreadQueries = value.first.flatMap { Int($0) }
            case "maxmemory-clients": evictsClients = value.first.map { $0 != "0" && $0 != "0%" } ?? false
            default: break
            }
        }
    }

    /// `normal <hard> <soft> <seconds> slave …`, where 0 is none. Whoever is over the soft one for long enough is ended as well.
    private static func limit(ofNormalClients words: [String]) -> Int? {
        guard let place = words.firstIndex(of: "normal"), place + 2 < words.count else { return nil }
        return words[place + 1...place + 2].compactMap { Int($0) }.filter { $0 > 0 }.min()
    }
}
