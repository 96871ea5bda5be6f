import BackingClient
import NIOCore

/// A value as the local cache keeps it.
public enum CachedValue: Sendable {
    /// The value's bytes, without any framing.
    case bytes(ByteBuffer)
    /// The key's value is longer than `CACHE_MAX_VALUE_SIZE`: not kept; its readers are relayed on connections of their own.
    case large(length: Int)
    /// There is no such key; kept only where the server announces that it appears.
    case absent

    /// Values up to this length are kept as bytes beside their keys, and copied for each reader.
    static let copiedLength = FillReply.sharedLength

    init(copying bytes: RawSpan) { self = .bytes(ByteBuffer(copying: bytes)) }
}
