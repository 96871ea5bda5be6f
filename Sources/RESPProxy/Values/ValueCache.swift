import LocalCache

/// The cache that all event loops share.
public typealias ValueCache = LocalCache<CachedValue, WaitingRead>
