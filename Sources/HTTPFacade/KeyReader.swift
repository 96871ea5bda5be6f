import BackingClient
import NIOCore
import RESPProxy
import Time
import TransportSecurity

/// What the facade needs of the core: reads through the cache, large values, and who may read.
protocol KeyReader: AnyObject {
    /// The time, by the clock of the cache.
    var now: Instant { get }
    /// See ``ReadThrough/read(_:of:now:isCurrent:outstandingLane:awaitsBypassing:waiter:request:keep:copy:)``.
    func readValue(
        _ key: ByteBuffer, isCurrent: Bool, waiter: any FillWaiter, request: UInt64, copy: (RawSpan) -> Void
    ) -> ReadThrough.Reading
    /// Whether the cache answers anybody who reads the key now.
    func mayServe(_ key: ByteBuffer) -> Bool
    /// Whether the server that holds the key has answered a barrier; see ``Coherence/isBarrierAnswered(since:)``.
    func isBarrierAnswered(of key: ByteBuffer, since: Instant) -> Bool
    /// Waits for that barrier; see ``Coherence/awaitBarrier(since:on:_:)``.
    func awaitBarrier(of key: ByteBuffer, since: Instant, _ done: @escaping () -> Void)
    /// See ``ProxyLoop/readLargeValue(_:receiver:)``.
    func streamLargeValue(_ key: ByteBuffer, receiver: any LargeValueReceiver) -> any LargeValueStream
    /// Whether a request must name a host that is known: see ``KnownHosts``.
    var servesOnlyKnownHosts: Bool { get }
    /// Whether a request must carry Basic credentials that the backing accepts: see ``ProxyLoop/requiresCredentials``.
    var requiresCredentials: Bool { get }
    /// See ``ProxyLoop/mayRead(_:)``.
    func mayRead(_ credentials: BackingCredentials?) -> EventLoopFuture<ReadPermission>
    /// See ``ProxyLoop/mayRead(_:)``.
    func mayRead(_ user: CertificateUser) -> EventLoopFuture<ReadPermission>
}

/// A large value on its way; see ``LargeValueReader``.
protocol LargeValueStream: AnyObject {
    func resume()
    func cancel()
}

extension LargeValueReader: LargeValueStream {}

extension ProxyLoop: KeyReader {
    var now: Instant { MonotonicClock.now() }

    func readValue(
        _ key: ByteBuffer, isCurrent: Bool, waiter: any FillWaiter, request: UInt64, copy: (RawSpan) -> Void
    ) -> ReadThrough.Reading {
        // A connection's requests are served one after another, so none of its earlier reads is ever outstanding.
        reads(of: key.readableBytesSpan).read(
            .get, of: key.readableBytesSpan, now: now, isCurrent: isCurrent, outstandingLane: nil,
            awaitsBypassing: false, waiter: waiter, request: request, keep: { key }, copy: copy)
    }

    var servesOnlyKnownHosts: Bool { deniesRemoteClients }

    func mayServe(_ key: ByteBuffer) -> Bool { coherence(of: key.readableBytesSpan).mayServe(now: now) }

    func isBarrierAnswered(of key: ByteBuffer, since: Instant) -> Bool {
        coherence(of: key.readableBytesSpan).isBarrierAnswered(since: since)
    }

    func awaitBarrier(of key: ByteBuffer, since: Instant, _ done: @escaping () -> Void) {
        let done = NIOLoopBound(done, eventLoop: eventLoop)
        coherence(of: key.readableBytesSpan).awaitBarrier(since: since, on: eventLoop) { done.value() }
    }

    func streamLargeValue(_ key: ByteBuffer, receiver: any LargeValueReceiver) -> any LargeValueStream {
        readLargeValue(key, receiver: receiver)
    }
}
