import LocalCache
import NIOCore
import RESPParser

/// Reads of several keys: from the cache all of them, as of one moment, or not at all. Pieced together, `MGET` could show half of what an
/// `MSET` wrote.
extension RESPSession {
    /// How a read of several keys goes on.
    enum ReadingTogether {
        case answered
        /// Once a barrier is answered.
        case waiting
        /// The server is to be asked.
        case missing
    }

    /// With more keys than this the cache is not asked: its lock is held for all of them.
    static let togetherLimit = 128

    /// Answers an `MGET` if the cache has all keys, waiting for a barrier at most once where they might be of different moments.
    func readTogether(_ command: CommandView, now: UInt64) -> ReadingTogether {
        let keys = command.arguments.dropFirst()
        guard keys.count <= Self.togetherLimit else { return .missing }
        // Asked first: a barrier that is answered only now says nothing of what was looked up before.
        let wasCurrent = isCurrent
        switch loop.readThrough.readTogether(keys, in: command.buffer.readableBytesSpan, now: now) {
        case .hit(let values) where wasCurrent:
            return answerTogether(values) ? .answered : .missing
        case .hit:
            return awaitBarrierOnce(since: lastRelayed)
        case .tooNew(let addedAt):
            return awaitBarrierOnce(since: max(addedAt, lastRelayed))
        case .missing:
            hasAwaitedTogether = false
            return .missing
        }
    }

    private func awaitBarrierOnce(since: UInt64) -> ReadingTogether {
        guard !hasAwaitedTogether, loop.coherence.newestBarrier > 0 else {
            hasAwaitedTogether = false
            return .missing
        }
        hasAwaitedTogether = true
        awaitBarrier(since: since)
        return .waiting
    }

    /// - Returns: False where one of the values is not kept.
    private func answerTogether(_ values: [CachedValue]) -> Bool {
        hasAwaitedTogether = false
        for case .large in values { return false }
        hits += 1
        RESPEncoder.arrayHeader(count: values.count, into: &output)
        for value in values {
            if case .bytes(let bytes) = value { answer(.value(bytes)) } else { answer(.null) }
        }
        return true
    }
}
