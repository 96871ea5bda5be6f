import BackingClient
import LocalCache
import NIOCore
import Time

/// Reads of one event loop from one server, through the local cache: look-up, and on a miss the fill.
public final class ReadThrough {
    /// The event loop of everything here.
    public let eventLoop: any EventLoop
    private let cache: ValueCache
    private let lane: FillLane
    /// The lane on which it reads.
    let laneID: LaneID
    /// Whether what the cache has of the server may be believed.
    let coherence: Coherence
    /// For how long a key stays known as absent.
    private var absenceLifetime: TimeSpan
    /// Only keys that begin with one of them are kept; empty: all.
    private var prefixes: [[UInt8]]
    private let announcesPrefixes: Bool
    /// Whether anything is kept.
    private let caches: Bool

    /// How a read goes on.
    public enum Reading {
        /// Answered from the cache (nil: the value's bytes have been copied), and how long ago that was added.
        case hit(CachedValue?, age: TimeSpan)
        /// The waiter will be told. `lane` is where the fetch is under way; `bypassesCache`: the key may be in the cache, which was not
        /// asked.
        case pending(lane: LaneID, bypassesCache: Bool)
        /// Nothing may be answered before the reader's own earlier reads are: ask again then.
        case mustWait
    }

    init(cache: ValueCache, lane: FillLane, laneID: LaneID, coherence: Coherence, configuration: ProxyConfiguration) {
        self.eventLoop = lane.eventLoop
        self.cache = cache
        self.lane = lane
        self.laneID = laneID
        self.coherence = coherence
        self.absenceLifetime = configuration.live.absenceExpiry
        self.prefixes = configuration.live.cachePrefixes
        self.announcesPrefixes = configuration.backing.tracking?.broadcastPrefixes != nil
        self.caches = configuration.live.cache.capacity > 0
    }

    /// Other settings from now on.
    ///
    /// By broadcast the server announces what begins with the prefixes of the start, so they stay.
    func apply(_ settings: LiveSettings) {
        absenceLifetime = settings.absenceExpiry
        if !announcesPrefixes { prefixes = settings.cachePrefixes }
    }

    /// Whether `CACHE_PREFIXES` lets the key be kept.
    private func keeps(_ key: RawSpan) -> Bool {
        guard !prefixes.isEmpty else { return true }
        return key.withUnsafeBytes { bytes in prefixes.contains { bytes.starts(with: $0) } }
    }

    /// Reads something of `key`.
    ///
    /// - Parameters:
    ///   - isCurrent: Whether the cache is at least as new as what the reader has been given; if not, it is not asked.
    ///   - outstandingLane: The lane on which this reader still waits for earlier reads, or nil.
    ///   - awaitsBypassing: Whether one of these bypasses the cache. It may bring something newer than the
    ///     cache has, should that be believed again by now.
    ///   - request: Given back to the waiter.
    ///   - keep: The key, to be had for longer than this call.
    ///   - copy: Given a short value on a hit, before this returns, under the cache's lock; it must do no more than copy the bytes.
    public func read(
        _ read: KeyRead, of key: RawSpan, now: Instant, isCurrent: Bool, outstandingLane: LaneID?,
        awaitsBypassing: Bool,
        waiter: any FillWaiter,
        request: UInt64, keep: () -> ByteBuffer, copy: (RawSpan) -> Void
    ) -> Reading {
        let bypassesCache = !isCurrent || mustBypassCache(key, now: now)
        if awaitsBypassing, !bypassesCache { return .mustWait }
        let found = lookUp(key, bypassesCache: bypassesCache, now: now, outstandingLane: outstandingLane, copy: copy) {
            WaitingRead(waiter: waiter, request: request, lane: laneID, asked: now)
        }
        switch found {
        case .hit(let value, let age): return .hit(value, age: age)
        case .refresh(let value, let age, let ticket):
            fetch(read, keep(), ticket)
            return .hit(value, age: age)
        case .joined(let lane): return .pending(lane: lane, bypassesCache: false)
        case .mustWait: return .mustWait
        case .miss(let ticket):
            fetch(read, keep(), ticket)
            return .pending(lane: laneID, bypassesCache: bypassesCache && keeps(key))
        }
    }

    /// Reads something of `key` for one who has been given something that the cache may be older than, where the cache does not have it: what is
    /// fetched from now on is new enough.
    ///
    /// Nothing that is known to be new enough only later may overtake it, so it counts as one that bypasses the cache.
    ///
    /// For the parameters see ``read(_:of:now:isCurrent:outstandingLane:awaitsBypassing:waiter:request:keep:copy:)``.
    ///
    /// - Returns: nil: the cache has it or is fetching it, or nothing may be answered yet. A barrier is to be awaited.
    func readMissing(
        _ read: KeyRead, of key: RawSpan, now: Instant, outstandingLane: LaneID?, waiter: any FillWaiter,
        request: UInt64,
        keep: () -> ByteBuffer
    ) -> Reading? {
        let waiting = { [laneID] in WaitingRead(waiter: waiter, request: request, lane: laneID, asked: now) }
        let found =
            mustBypassCache(key, now: now)
            ? cache.lookUpBypassing(lane: laneID, outstandingLane: outstandingLane, waiter: waiting)
            : cache.lookUpAnew(key, now: now, lane: laneID, outstandingLane: outstandingLane, waiter: waiting)
        guard case .miss(let ticket) = found else { return nil }
        fetch(read, keep(), ticket)
        return .pending(lane: laneID, bypassesCache: true)
    }

    /// Whether the cache is not asked for the key.
    @inline(__always)
    private func mustBypassCache(_ key: RawSpan, now: Instant) -> Bool {
        !coherence.mayServe(now: now) || !keeps(key) || coherence.conditions.bypassesCache
    }

    @inline(__always)
    private func lookUp(
        _ key: RawSpan, bypassesCache: Bool, now: Instant, outstandingLane: LaneID?, copy: (RawSpan) -> Void,
        _ waiting: () -> WaitingRead
    ) -> LookUp<CachedValue> {
        guard !bypassesCache else {
            // A fill under way may have been asked before a change of which nobody has told us: it is not joined, either.
            return cache.lookUpBypassing(lane: laneID, outstandingLane: outstandingLane, waiter: waiting)
        }
        return cache.lookUp(
            key, now: now, lane: laneID, outstandingLane: outstandingLane, copy: copy, waiter: waiting)
    }

    /// Reads several keys of the server as of one moment, without asking it; nil where that cannot be.
    ///
    /// - Parameters:
    ///   - keys: Where the keys stand in `bytes`.
    public func multiGet(_ keys: ArraySlice<Range<Int>>, in bytes: RawSpan, now: Instant) -> MultiGet<
        CachedValue
    > {
        // Asked first: what is found afterwards is what stands since that barrier, or is newer than it.
        let barrier = coherence.newestBarrier
        guard coherence.mayServe(now: now), coherence.mayServeMultiGet else { return .missing }
        return cache.multiGet(keys, in: bytes, now: now, addedBefore: barrier) { CachedValue(copying: $0) }
    }

    private func fetch(_ read: KeyRead, _ key: ByteBuffer, _ ticket: FillTicket) {
        lane.fetch(Fetch(read, key: key, tag: ticket.id, receiver: self))
    }

    /// Whether the cache may come to answer with something older than what a voided fill, or one past the cache, brought. It has been
    /// read on another connection then, and what has changed in between is still to be announced.
    private func mayBeOlder(_ key: ByteBuffer, than reply: FillReply) -> Bool {
        switch reply.outcome {
        case .unanswered, .failure: return false
        case .value, .unstorable, .absent, .tooLarge: break
        }
        return caches && coherence.announcesChanges && keeps(key.readableBytesSpan)
    }

    private func complete(
        _ ticket: FillTicket, with reply: FillReply, deadline: Instant?, now: Instant
    ) -> EndedFill<WaitingRead> {
        if case .value(let value, _) = reply.outcome, value.readableBytes <= CachedValue.copiedLength,
            coherence.mayStore(reply.generation)
        {
            return cache.complete(ticket, withBytes: value.readableBytesSpan, deadline: deadline, now: now)
        }
        return cache.complete(ticket, with: result(of: reply, deadline: deadline, now: now), now: now)
    }

    /// When the key's own time to live is over, by a reply that may have been under way for longer than that; nil: never.
    private func deadline(of reply: FillReply) -> Instant? {
        switch reply.outcome {
        case .value(_, let timeToLive): timeToLive.map { reply.sent + .milliseconds($0) }
        // It may have ended right behind the value.
        case .unstorable: reply.sent
        case .absent, .tooLarge, .unanswered, .failure: nil
        }
    }

    /// For one who joined a fetch after the time to live of what it brought: by then the server would not have given that.
    ///
    /// Once is enough, as the next fetch is sent after it was asked for.
    private func readAnew(_ read: KeyRead, _ key: ByteBuffer, _ waiting: WaitingRead, now: Instant) {
        var copied = ByteBuffer()
        let bypassesCache = mustBypassCache(key.readableBytesSpan, now: now)
        let found = lookUp(
            key.readableBytesSpan, bypassesCache: bypassesCache, now: now, outstandingLane: nil,
            copy: { copied.writeBytes($0) }
        ) {
            waiting
        }
        switch found {
        case .hit(let value, _):
            waiting.tell(FillOutcome(value ?? .bytes(copied)), fromLane: laneID)
        case .refresh(let value, _, let ticket):
            fetch(read, key, ticket)
            waiting.tell(FillOutcome(value ?? .bytes(copied)), fromLane: laneID)
        case .miss(let ticket): fetch(read, key, ticket)
        case .joined: break
        // Only said to those who wait on a lane.
        case .mustWait: waiting.tell(.failure(.lost), fromLane: laneID)
        }
    }

    /// What the readers are told: where the server is away, what was known of the key, if that is wanted.
    private func outcome(of reply: FillReply, _ key: ByteBuffer, now: Instant) -> FillOutcome {
        if reply.isSilence,
            case (.bytes(let value), let age)? = cache.lookUpStale(
                key.readableBytesSpan, now: now, make: { CachedValue(copying: $0) })
        {
            return .stale(value, age: age)
        }
        return FillOutcome(reply.outcome)
    }

    /// What of a reply may be kept: a value, until the key's own time to live has passed since the fetch was sent; never an error.
    /// A key that is absent is kept only where the server tells that somebody has set it.
    private func result(of reply: FillReply, deadline: Instant?, now: Instant) -> FillResult<CachedValue> {
        if reply.isSilence { return .failed }
        guard coherence.mayStore(reply.generation) else { return .nothing }
        return switch reply.outcome {
        case .value(let value, _):
            .value(
                Fill(
                    value: .bytes(value), size: value.storageCapacity + Self.bufferOverhead, deadline: deadline))
        case .tooLarge(let length):
            .value(
                Fill(
                    value: .large(length: length), size: 0,
                    deadline: reply.sent + Self.largeMarkLifetime))
        case .absent where absenceLifetime > .zero && coherence.mayStoreAbsence(reply.generation, now: now):
            .value(Fill(value: .absent, size: 0, deadline: reply.sent + absenceLifetime))
        case .unstorable, .absent, .unanswered, .failure: .nothing
        }
    }

    /// What a `ByteBuffer` takes beside its bytes: the object that owns them, and the allocator's headers for both.
    private static let bufferOverhead = 96

    /// For how long a key stays known as large: it may have become smaller without our hearing of it.
    private static let largeMarkLifetime = TimeSpan.seconds(60)
}

extension ReadThrough: FetchReceiver {
    /// A fill has ended: what it brought is stored, if it may be, and told to all who wait.
    public func fetchEnded(_ fetch: Fetch, with reply: FillReply) {
        let now = MonotonicClock.now()
        let deadline = deadline(of: reply)
        let ended = complete(FillTicket(id: fetch.tag), with: reply, deadline: deadline, now: now)
        if ended.waiters.isEmpty { return }
        let outcome = outcome(of: reply, fetch.key, now: now)
        let isNewerThanCache = ended.wasVoided && mayBeOlder(fetch.key, than: reply)
        ended.waiters.forEach { waiting in
            // By then the server would not have given it what the fetch brought.
            if let deadline, deadline <= now, waiting.asked >= deadline {
                readAnew(fetch.read, fetch.key, waiting, now: now)
            } else {
                waiting.tell(outcome, isNewerThanCache: isNewerThanCache, fromLane: laneID)
            }
        }
    }
}

extension FillReply {
    /// Whether the server has not said anything.
    fileprivate var isSilence: Bool {
        switch outcome {
        case .unanswered: true
        case .failure(let error): error.code != .server
        case .value, .unstorable, .absent, .tooLarge: false
        }
    }
}
