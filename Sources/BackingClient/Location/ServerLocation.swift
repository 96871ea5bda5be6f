import NIOCore
import Synchronization

/// Where the one server behind the proxy is at present, where that changes: a primary that others keep, say.
///
/// What connects to "the server" asks here where that is. When the server is left, every connection to it is closed, whatever it is for, and
/// attempts to connect fail; from then on none can be made before the server is found again. So no connection of the old server is ever taken
/// for one of the new.
public final class ServerLocation: Sendable {
    private struct State {
        /// nil: there is none, for that reason.
        var place: ServerPlace?
        var absence: BackingError
        var attempts: [UInt64: EventLoopPromise<any Channel>] = [:]
        var attemptCount: UInt64 = 0
        var channels: [ObjectIdentifier: any Channel] = [:]
        var doubted: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    /// - Parameter absence: Why there is none before the first is found.
    public init(absence: BackingError) {
        state = Mutex(State(absence: absence))
    }

    /// nil while there is none.
    public var place: ServerPlace? { state.withLock { $0.place } }

    /// Why there is none; nil while there is one.
    var absence: BackingError? { state.withLock { $0.place == nil ? $0.absence : nil } }

    // MARK: For who decides where it is

    /// The server is there from now on. To be called once everything of the one before is closed, and forgotten.
    public func found(at place: ServerPlace) {
        state.withLock { $0.place = place }
    }

    /// There is no server from now on, or another reason why there is none.
    ///
    /// - Returns: Done once all connections to the one before are closed, and their handlers have heard of it.
    public func left(because absence: BackingError, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let (attempts, channels) = state.withLock { state in
            state.place = nil
            state.absence = absence
            defer {
                state.attempts = [:]
                state.channels = [:]
            }
            return (Array(state.attempts.values), Array(state.channels.values))
        }
        for attempt in attempts { attempt.fail(absence) }
        for channel in channels { channel.cut() }
        return .andAllComplete(channels.map(\.closeFuture), on: eventLoop)
    }

    /// Calls `doubted` from now on when the server does not behave as the one that is meant; on any thread.
    public func onDoubt(_ doubted: (@Sendable () -> Void)?) { state.withLock { $0.doubted = doubted } }

    // MARK: For who connects

    /// The server may not be the one that is meant any more.
    func doubt() { state.withLock { $0.doubted }?() }

    /// Connects to where the server is by `connect`. Fails with a ``BackingError`` only.
    func connect(
        on eventLoop: any EventLoop, by connect: @Sendable (ServerPlace) -> EventLoopFuture<any Channel>
    ) -> EventLoopFuture<any Channel> {
        let promise = eventLoop.makePromise(of: (any Channel).self)
        let begun = state.withLock { state -> (place: ServerPlace, attempt: UInt64)? in
            guard let place = state.place else { return nil }
            state.attemptCount += 1
            state.attempts[state.attemptCount] = promise
            return (place, state.attemptCount)
        }
        guard let begun else {
            promise.fail(state.withLock { $0.absence })
            return promise.futureResult
        }
        connect(begun.place).whenComplete { [self] result in ended(begun.attempt, result) }
        return promise.futureResult
    }

    private func ended(_ attempt: UInt64, _ result: Result<any Channel, any Error>) {
        let channel = try? result.get()
        let promise = state.withLock { state in
            let promise = state.attempts.removeValue(forKey: attempt)
            if promise != nil, let channel { state.channels[ObjectIdentifier(channel)] = channel }
            return promise
        }
        guard let promise else {
            // The server was left meanwhile, and who waited has been told.
            channel?.cut()
            return
        }
        channel?.closeFuture.whenComplete { [self] _ in
            if let channel { state.withLock { $0.channels[ObjectIdentifier(channel)] = nil } }
        }
        promise.completeWith(result.mapError { ($0 as? BackingError)?.ofPrimary ?? $0 })
    }
}
