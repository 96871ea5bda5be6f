import Foundation
import Synchronization

/// A server that says what a test tells it to: each accepted connection is handed to a function on its own thread.
public final class FakeServer: Sendable {
    /// The loopback port.
    public let port: Int
    private let descriptor: Int32
    private let accepted: Mutex<Int>

    /// Listens on a free port.
    ///
    /// - Parameters:
    ///   - limit: how long one call on an accepted connection may take.
    ///   - overTLS: speak TLS.
    public init(
        limit: Duration = .seconds(30), overTLS: Bool = TLSRun.isOn,
        _ serve: @escaping @Sendable (_ connection: RawConnection) throws -> Void
    ) throws {
        let (descriptor, port) = try listenOnFreePort()
        self.descriptor = descriptor
        self.port = port
        self.accepted = Mutex(0)
        if overTLS { TLSRun.add(encrypted: port) }
        let thread = Thread { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                self?.accepted.withLock { $0 += 1 }
                Thread {
                    // An error here is the peer's doing; the test looks at what the proxy makes of it.
                    let connection = try? RawConnection(accepted: client, limit: limit, isEncrypted: overTLS)
                    guard let connection else { return }
                    try? serve(connection)
                    connection.close()
                }.start()
            }
            // Here and not in `deinit`: by the next `accept` the number could be that of another server's socket.
            close(descriptor)
        }
        thread.start()
    }

    deinit {
        TLSRun.remove(encrypted: self.port)
        shutdown(self.descriptor, Int32(SHUT_RDWR))
    }

    /// How many connections it has accepted.
    public var connections: Int { self.accepted.withLock { $0 } }
}
