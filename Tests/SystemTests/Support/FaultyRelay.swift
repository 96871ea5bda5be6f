import Synchronization
import TestSupport

/// A relay between the proxy and its server that does to the bytes what a bad network does.
final class FaultyRelay: Sendable {
    /// What it does to the bytes all along.
    enum Fault: Sendable {
        /// Nothing, until it is told to.
        case none
        /// Each byte goes in a segment of its own, both ways.
        case dripping
        /// Each piece is held for a while, both ways.
        case delayed(Duration)
        /// Only what the server announces is held for a while: the connection on which invalidations come is slow.
        case delayedFeed(Duration)
        /// What the server says behind the answer to a `PING` on the connection of the announcements, in one go, comes later than that.
        case splitBehindPong(Duration)
        /// The connection is closed after so many bytes from the server.
        case cut(after: Int)
        /// The connection ends after so many bytes from the server; over TLS nothing announces that.
        case ending(after: Int)
        /// A reply of one line that begins so never comes.
        case losing(String)
        /// The first announcement of this key is cut in the middle, and its connection closed.
        case cutAnnouncement(of: String)
    }

    /// Which connections something happens to.
    enum Scope: Sendable {
        case feed
        /// What comes from the server on connections that it tracks, their end included.
        case trackedReplies
        case all
        /// All, but only what comes from the server.
        case replies
    }

    private let listener: FakeServer
    private let state: State

    /// The port that the proxy connects to.
    var port: Int { self.listener.port }

    init(to server: RedisServer, _ fault: Fault, overTLS: Bool = TLSRun.isOn) throws {
        let port = server.port
        let state = State(fault)
        self.state = state
        self.listener = try FakeServer(limit: .seconds(60), overTLS: overTLS) { client in
            let link = Link(client: client, server: try RawConnection(port: port, limit: .seconds(60)))
            state.links.withLock { $0.append(link) }
            let requests = BackgroundWork { try state.passRequests(of: link) }
            try? state.passReplies(of: link)
            try? requests.wait()
            guard link.isReset.isSet else { return }
            client.reset()
            link.server.reset()
        }
    }

    /// From now on nothing passes, and nobody is told: neither on the connections there are nor on new ones.
    func swallow(_ scope: Scope) { self.state.swallowed.withLock { $0 = scope } }

    /// From now on nothing passes on the connections there are, for good, and nobody is told; new ones are relayed. As behind a gateway that
    /// was replaced.
    func forgetStanding() {
        for link in self.state.links.withLock({ $0 }) { link.isForgotten.set() }
    }

    /// What was held comes through, in its order.
    func release() { self.state.swallowed.withLock { $0 = nil } }

    /// Resets the connections there are, on both sides.
    func reset(_ scope: Scope) {
        for link in self.state.links.withLock({ $0 }) where scope != .feed || link.isFeed.isSet {
            link.isReset.set()
        }
    }
}

/// One connection of the proxy's, and what it is relayed to.
private final class Link: Sendable {
    let client: RawConnection
    let server: RawConnection
    /// Whether announcements come here.
    let isFeed = Flag()
    /// Whether what is read here is announced.
    let isTracked = Flag()
    /// Nothing passes any more.
    let isForgotten = Flag()
    /// Set when both sides are to be reset, by the thread that serves it: closed under another's feet, a descriptor may become another
    /// connection's.
    let isReset = Flag()

    init(client: RawConnection, server: RawConnection) {
        self.client = client
        self.server = server
    }

    /// Whatever has arrived from one side; empty at its end.
    func receive(from source: RawConnection) throws -> [UInt8] {
        while try source.staysSilent(for: .milliseconds(20)) { try self.checkReset() }
        return try source.receiveSome()
    }

    func checkReset() throws {
        if self.isReset.isSet { throw TestSupportError("reset") }
    }
}

private final class State: Sendable {
    let fault: FaultyRelay.Fault
    let links = Mutex<[Link]>([])
    let swallowed = Mutex<FaultyRelay.Scope?>(nil)
    private let hasCut = Flag()

    init(_ fault: FaultyRelay.Fault) {
        self.fault = fault
    }

    func passRequests(of link: Link) throws {
        while true {
            let bytes = try link.receive(from: link.client)
            let text = printable(bytes)
            if text.contains("__redis__:invalidate") { link.isFeed.set() }
            if text.contains("TRACKING") { link.isTracked.set() }
            try self.hold(link, isReply: false)
            if bytes.isEmpty { break }
            switch self.fault {
            case .dripping: for byte in bytes { try link.server.send([byte]) }
            case .delayed(let duration):
                pause(duration)
                try link.server.send(bytes)
            case .none, .delayedFeed, .splitBehindPong, .cut, .ending, .losing, .cutAnnouncement:
                try link.server.send(bytes)
            }
        }
        link.server.finishSending()
    }

    func passReplies(of link: Link) throws {
        var passed = 0
        while true {
            let bytes = try link.receive(from: link.server)
            try self.hold(link, isReply: true)
            if bytes.isEmpty { break }
            switch self.fault {
            case .none: try link.client.send(bytes)
            case .dripping: for byte in bytes { try link.client.send([byte]) }
            case .delayed(let duration):
                pause(duration)
                try link.client.send(bytes)
            case .delayedFeed(let duration):
                if link.isFeed.isSet { pause(duration) }
                try link.client.send(bytes)
            case .splitBehindPong(let duration):
                let pong = Array("$4\r\npong\r\n$0\r\n\r\n".utf8)
                let end = bytes.firstRange(of: pong)?.upperBound ?? bytes.count
                try link.client.send(Array(bytes[..<end]))
                if end < bytes.count {
                    pause(duration)
                    try link.client.send(Array(bytes[end...]))
                }
            case .losing(let beginning):
                let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                let kept = lines.filter { !$0.starts(with: beginning.utf8) }
                try link.client.send(Array(kept.joined(separator: [UInt8(ascii: "\n")])))
            case .cut(let limit):
                try link.client.send(Array(bytes.prefix(limit - passed)))
                passed += min(bytes.count, limit - passed)
                if passed == limit { return link.isReset.set() }
            case .ending(let limit):
                try link.client.send(Array(bytes.prefix(limit - passed)))
                passed += min(bytes.count, limit - passed)
                if passed == limit { return link.client.finishSendingUnannounced() }
            case .cutAnnouncement(let key):
                let isIt = link.isFeed.isSet && !self.hasCut.isSet && printable(bytes).contains("\\r\\n\(key)\\r\\n")
                guard isIt else {
                    try link.client.send(bytes)
                    continue
                }
                self.hasCut.set()
                try link.client.send(Array(bytes.prefix(bytes.count / 2)))
                return link.client.finishSending()
            }
        }
        link.client.finishSending()
    }

    /// Returns once bytes may pass.
    private func hold(_ link: Link, isReply: Bool) throws {
        while link.isForgotten.isSet {
            try link.checkReset()
            pause(.milliseconds(20))
        }
        while let scope = self.swallowed.withLock({ $0 }),
            scope == .all || scope == .replies && isReply || scope == .feed && link.isFeed.isSet
                || scope == .trackedReplies && isReply && link.isTracked.isSet
        {
            try link.checkReset()
            pause(.milliseconds(5))
        }
    }
}
