import BackingClient
import LocalCache
import NIOCore
import RESPProxy
import Time
import TransportSecurity

@testable import HTTPFacade

/// Stands in for the core: answers as told, and remembers what it was asked.
final class FakeReader: KeyReader {
    /// Whose time it is.
    var eventLoop: (any EventLoop)?
    var now: Instant { Instant(nanoseconds: (eventLoop?.now ?? .now()).uptimeNanoseconds) }

    enum Answer {
        case hit(CachedValue, age: TimeSpan)
        case pending
    }

    var answers: [String: Answer] = [:]
    var keys: [[UInt8]] = []
    var pending: [(key: [UInt8], waiter: any FillWaiter, request: UInt64)] = []
    var permission: ((BackingCredentials?) -> EventLoopFuture<ReadPermission>)?
    var requiresCredentials = false
    var servesOnlyKnownHosts = false
    var asked: [BackingCredentials?] = []
    var streams: [FakeStream] = []
    /// The keys whose server has yet to answer a barrier.
    var unproven: Set<String> = []
    var awaited: [() -> Void] = []

    func set(_ key: String, _ value: String, age: TimeSpan = .zero) {
        answers[key] = .hit(.bytes(ByteBuffer(string: value)), age: age)
    }

    func readValue(
        _ key: ByteBuffer, isCurrent: Bool, waiter: any FillWaiter, request: UInt64, copy: (RawSpan) -> Void
    ) -> ReadThrough.Reading {
        let bytes = Array(key.readableBytesView)
        keys.append(bytes)
        switch answers[String(decoding: bytes, as: UTF8.self)] {
        case .hit(let value, let age):
            return .hit(value, age: age)
        case .pending, nil:
            pending.append((bytes, waiter, request))
            return .pending(lane: LaneID(loop: 0, server: .first), bypassesCache: false)
        }
    }

    /// Ends the oldest fill.
    func endFill(_ outcome: FillOutcome, isNewerThanCache: Bool = false) {
        let fill = pending.removeFirst()
        fill.waiter.fillEnded(request: fill.request, outcome: outcome, isNewerThanCache: isNewerThanCache)
    }

    func mayServe(_ key: ByteBuffer) -> Bool { true }

    func isBarrierAnswered(of key: ByteBuffer, since: Instant) -> Bool {
        !unproven.contains(String(buffer: key))
    }

    func awaitBarrier(of key: ByteBuffer, since: Instant, _ done: @escaping () -> Void) { awaited.append(done) }

    func streamLargeValue(_ key: ByteBuffer, receiver: any LargeValueReceiver) -> any LargeValueStream {
        let stream = FakeStream(receiver: receiver)
        streams.append(stream)
        return stream
    }

    func mayRead(_ credentials: BackingCredentials?) -> EventLoopFuture<ReadPermission> {
        asked.append(credentials)
        guard let permission else { preconditionFailure("nobody should have been asked") }
        return permission(credentials)
    }

    func mayRead(_ user: CertificateUser) -> EventLoopFuture<ReadPermission> {
        mayRead(BackingCredentials(username: user.name, password: user.password ?? []))
    }
}

/// A large value under the test's control.
final class FakeStream: LargeValueStream {
    let receiver: any LargeValueReceiver
    var resumes = 0
    var isCancelled = false

    init(receiver: any LargeValueReceiver) {
        self.receiver = receiver
    }

    func resume() { resumes += 1 }
    func cancel() { isCancelled = true }
}

/// Remembers what was reported.
final class FakeObserver: HTTPRequestObserver {
    var ended: [(status: Int, cache: CacheOutcome?)] = []

    func httpRequestEnded(status: Int, cache: CacheOutcome?, took time: TimeSpan) {
        ended.append((status, cache))
    }
}
