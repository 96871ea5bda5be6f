import BackingClient
import NIOCore
import Time

/// How a fill ended, for one who waited for it.
public enum FillOutcome: Sendable {
    case value(ByteBuffer)
    /// The backing is away; this is what it said so long ago (`CACHE_STALE_IF_ERROR`).
    case stale(ByteBuffer, age: TimeSpan)
    case absent
    /// Not brought by the fill: the reader asks on a connection of its own. The length is nil where it is not known.
    case large(length: Int?)
    case failure(BackingError)

    /// Whether the backing is away and something older stands in.
    var isStale: Bool { if case .stale = self { true } else { false } }

    init(_ value: CachedValue) {
        switch value {
        case .bytes(let bytes): self = .value(bytes)
        case .large(let length): self = .large(length: length)
        case .absent: self = .absent
        }
    }

    init(_ outcome: FillReply.Outcome) {
        switch outcome {
        case .value(let value, _), .unstorable(let value): self = .value(value)
        case .absent: self = .absent
        case .tooLarge(let length): self = .large(length: length)
        case .unanswered: self = .large(length: nil)
        // At its memory limit Redis queues nothing, but a plain GET is answered: the readers ask for themselves, as for a large value.
        case .failure(let error) where error.code == .server && error.message.starts(with: "OOM ".utf8):
            self = .large(length: nil)
        case .failure(let error): self = .failure(error)
        }
    }
}
