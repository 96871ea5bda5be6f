import Time

/// A key with its value and its place in the order of use.
///
/// The fields are ordered so that nothing is lost to alignment: with a value of 24 bytes (and a way to say nil in them) it fills one cache
/// line.
@usableFromInline
struct Entry<Value: Sendable> {
    /// The neighbour read before this one, and the one read after it.
    @usableFromInline var older: Slot
    @usableFromInline var newer: Slot
    @usableFromInline let lifetime: Lifetime
    @usableFromInline let key: KeyBytes
    /// The value's bytes as its owner counts them.
    @usableFromInline let size: UInt32
    /// nil: the value is ``size`` bytes, kept behind the key's.
    @usableFromInline let value: Value?

    @inlinable
    init(older: Slot, newer: Slot, lifetime: Lifetime, key: KeyBytes, size: UInt32, value: Value?) {
        self.older = older
        self.newer = newer
        self.lifetime = lifetime
        self.key = key
        self.size = size
        self.value = value
    }

    /// The value, made from its bytes where those are what is kept.
    @inlinable
    func value(_ make: (RawSpan) -> Value) -> Value {
        if let value { return value }
        let bytes = key.others(size)
        return make(bytes.bytes)
    }

    /// Frees the key, of an entry that has been taken out.
    @inlinable
    consuming func release() -> Value? {
        key.deallocate()
        return value
    }

    /// What an entry costs beside the bytes of its key and value: its record, the index (9 to 18 bytes, by its load) and the
    /// allocator's share of the block of key and value (8 to 23).
    @inlinable
    static var overhead: Int { MemoryLayout<Self>.stride + 32 }
}

/// When an entry dies. Apart from the entry, so that it is asked without the entry being copied.
@usableFromInline
struct Lifetime {
    @usableFromInline let addedAt: Instant
    /// From when on the entry is dead whatever its age, by the key's own TTL.
    @usableFromInline let deadline: Instant

    @inlinable
    init(addedAt: Instant, deadline: Instant) {
        self.addedAt = addedAt
        self.deadline = deadline
    }

    /// How long ago the entry was added. Threads read the clock on their own: another one's "now" may lie ahead of this one's.
    @inlinable
    @inline(__always)
    func age(now: Instant) -> TimeSpan { max(.zero, now - addedAt) }

    /// Whether neither the key's own TTL has passed nor that age been reached.
    @inlinable
    @inline(__always)
    func lives(now: Instant, upTo age: TimeSpan) -> Bool { now < deadline && self.age(now: now) < age }
}
