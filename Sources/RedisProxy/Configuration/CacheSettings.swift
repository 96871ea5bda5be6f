import NIOCore
import RESPProxy
import Time

/// What is kept, for how long, and how changes are noticed.
struct CacheSettings: Sendable {
    /// nil = entries do not die by age.
    var expiry: TimeSpan?
    /// Keys; 0 = no caching.
    var capacity: Int
    /// Bytes.
    var memoryLimit: Int
    /// Bytes.
    var maxValueSize: Int
    /// Percent of ``expiry``, at its end; 0 = not at all.
    var refreshAhead: Int
    /// nil = nothing stale is served.
    var staleIfError: TimeSpan?
    var coherence: CoherencePolicy
    var trackingHeartbeat: TimeSpan
    var negativeExpiry: TimeSpan
    var trackingKind: TrackingKind
    /// Empty = all keys.
    var prefixes: [String]
}

extension CacheSettings {
    init(_ options: OptionReader) throws(ConfigurationError) {
        expiry = try options.value(of: OptionTable.cacheExpiryTime).unlessZero
        capacity = try options.value(of: OptionTable.cacheCapacity)
        memoryLimit = try options.value(of: OptionTable.cacheMemoryLimit)
        maxValueSize = try options.value(of: OptionTable.cacheMaxValueSize)
        refreshAhead = try options.value(of: OptionTable.cacheRefreshAhead)
        staleIfError = try options.value(of: OptionTable.cacheStaleIfError).unlessZero
        coherence = try options.value(of: OptionTable.cacheCoherence)
        trackingHeartbeat = try options.value(of: OptionTable.trackingHeartbeat)
        negativeExpiry = try options.value(of: OptionTable.cacheNegativeExpiryTime)
        trackingKind = try options.value(of: OptionTable.cacheTracking)
        prefixes = (try options.value(of: OptionTable.cachePrefixes) ?? "").split(separator: ",").map(String.init)
    }
}

extension TimeSpan {
    /// nil where 0 stands for "never".
    var unlessZero: TimeSpan? { self == .zero ? nil : self }
}
