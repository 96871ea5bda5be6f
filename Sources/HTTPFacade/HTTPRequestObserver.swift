import Time

/// Where a value came from.
public enum CacheOutcome: Sendable, Hashable {
    case hit
    case miss
    /// The backing is away; see `CACHE_STALE_IF_ERROR`.
    case stale
}

/// Counts and times HTTP requests; one for each event loop, called on it.
public protocol HTTPRequestObserver: AnyObject {
    /// A response was handed to the socket whole, or broke off.
    ///
    /// - Parameters:
    ///   - status: The status that was sent.
    ///   - cache: nil where the cache had no part in the answer.
    ///   - time: From when the request was looked at to when the response had been written.
    func httpRequestEnded(status: Int, cache: CacheOutcome?, took time: TimeSpan)
}
