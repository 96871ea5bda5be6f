/// The protocol versions of Redis.
public enum RESPVersion: Int, Sendable {
    case resp2 = 2
    case resp3 = 3
}
