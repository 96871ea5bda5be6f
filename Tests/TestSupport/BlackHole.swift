import Foundation

/// A loopback port that answers to no connection attempt, neither by accepting nor by refusing: its queue of connections is full.
public final class BlackHole: Sendable {
    /// The loopback port.
    public let port: Int
    private let descriptors: [Int32]

    /// Listens on a free port, accepts nobody, and fills the queue itself.
    public init() throws {
        let (listener, port) = try listenOnFreePort()
        self.port = port
        if TLSRun.isOn { TLSRun.add(encrypted: port) }
        // On a listening socket this only makes the queue shorter: one connection, whoever comes next hears nothing.
        listen(listener, 0)
        var descriptors = [listener]
        for _ in 0..<4 {
            let client = socket(
                AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = loopbackAddress(port: port)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    _ = connect(client, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            descriptors.append(client)
        }
        self.descriptors = descriptors
    }

    deinit {
        TLSRun.remove(encrypted: self.port)
        for descriptor in self.descriptors { close(descriptor) }
    }
}
