import TestSupport

/// A relay between the proxy and its server that holds what the server announces for a while: only the connection on which
/// invalidations come is slow.
struct DelayedFeed {
    private let listener: FakeServer

    /// The port that the proxy connects to.
    var port: Int { self.listener.port }

    init(to server: RedisServer, by delay: Duration) throws {
        let port = server.port
        self.listener = try FakeServer(limit: .seconds(60)) { client in
            let upstream = try RawConnection(port: port, limit: .seconds(60))
            let isFeed = Flag()
            let requests = BackgroundWork {
                while true {
                    let bytes = try client.receiveSome()
                    if bytes.isEmpty { break }
                    if printable(bytes).contains("__redis__:invalidate") { isFeed.set() }
                    try upstream.send(bytes)
                }
                upstream.finishSending()
            }
            while let bytes = try? upstream.receiveSome(), !bytes.isEmpty {
                if isFeed.isSet { pause(delay) }
                guard (try? client.send(bytes)) != nil else { break }
            }
            client.finishSending()
            try? requests.wait()
        }
    }
}
