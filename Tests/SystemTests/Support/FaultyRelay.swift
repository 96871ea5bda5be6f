import TestSupport

/// A relay between the proxy and its server that does to the bytes what a bad network does.
struct FaultyRelay {
    /// What it does to the bytes that come from the server.
    enum Fault: Sendable {
        /// Each byte goes in a segment of its own, both ways.
        case dripping
        /// Each piece is held for a while, both ways.
        case delayed(Duration)
        /// The connection is closed after so many bytes from the server.
        case cut(after: Int)
    }

    private let listener: FakeServer

    /// The port that the proxy connects to.
    var port: Int { self.listener.port }

    init(to server: RedisServer, _ fault: Fault) throws {
        let port = server.port
        self.listener = try FakeServer { client in
            let upstream = try RawConnection(port: port, limit: .seconds(60))
            let requests = BackgroundWork {
                try Self.pump(from: client, to: upstream, fault, limit: nil)
                upstream.finishSending()
            }
            var limit: Int?
            if case .cut(let count) = fault { limit = count }
            try? Self.pump(from: upstream, to: client, fault, limit: limit)
            client.finishSending()
            if limit != nil {
                client.reset()
                upstream.reset()
            }
            try? requests.wait()
        }
    }

    private static func pump(
        from source: RawConnection, to sink: RawConnection, _ fault: Fault, limit: Int?
    ) throws {
        var left = limit
        while true {
            var bytes = try source.receiveSome()
            if bytes.isEmpty { return }
            if let known = left {
                bytes = Array(bytes.prefix(known))
                left = known - bytes.count
            }
            switch fault {
            case .dripping: for byte in bytes { try sink.send([byte]) }
            case .delayed(let duration):
                pause(duration)
                try sink.send(bytes)
            case .cut: try sink.send(bytes)
            }
            if left == 0 { return }
        }
    }
}
