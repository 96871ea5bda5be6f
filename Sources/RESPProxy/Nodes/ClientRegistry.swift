import NIOCore

/// The clients of one event loop: their channels, and the RESP sessions, of which one may outlive its client until the server has answered what
/// the client left behind.
final class ClientRegistry {
    private var channels: [ObjectIdentifier: any Channel] = [:]
    private var sessionsByIdentity: [ObjectIdentifier: any ClientSession] = [:]
    private var allGone: EventLoopPromise<Void>?

    /// Clients that are connected.
    var count: Int { channels.count }
    var sessions: some Collection<any ClientSession> { sessionsByIdentity.values }

    func opened(_ channel: any Channel) { channels[ObjectIdentifier(channel)] = channel }
    func closed(_ channel: any Channel) {
        channels[ObjectIdentifier(channel)] = nil
        tellIfAllGone()
    }

    func opened(_ session: any ClientSession) { sessionsByIdentity[ObjectIdentifier(session)] = session }
    func closed(_ session: any ClientSession) {
        sessionsByIdentity[ObjectIdentifier(session)] = nil
        tellIfAllGone()
    }

    /// Lets every client finish what it has under way, then closes it; done when all are gone.
    func quiesce(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        allGone = promise
        for channel in channels.values { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        tellIfAllGone()
        return promise.futureResult
    }

    private func tellIfAllGone() {
        guard channels.isEmpty, sessionsByIdentity.isEmpty else { return }
        allGone?.succeed()
        allGone = nil
    }
}
