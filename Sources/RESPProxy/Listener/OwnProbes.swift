import NIOCore
import Synchronization

/// The connections by which the proxy itself looks whether its ports answer: known by their local ports, which nobody else can have meanwhile.
public final class OwnProbes: Sendable {
    private let ports = Mutex<[Int: Int]>([:])
    /// So that accepting a client costs no lock.
    private let count = Atomic<Int>(0)

    /// Nothing is being looked at.
    public init() {}

    /// To be called before the connection is made from that port.
    public func began(from port: Int) {
        ports.withLock { $0[port, default: 0] += 1 }
        count.add(1, ordering: .sequentiallyConsistent)
    }

    /// To be called once the connection is closed, for each ``began(from:)``.
    public func ended(from port: Int) {
        count.subtract(1, ordering: .sequentiallyConsistent)
        ports.withLock { ports in
            let left = ports[port, default: 1] - 1
            ports[port] = left > 0 ? left : nil
        }
    }

    /// Whether an accepted connection is one of ours. It comes from this machine, then: from the address that it was made to.
    func include(_ channel: any Channel) -> Bool {
        guard count.load(ordering: .sequentiallyConsistent) > 0, let remote = channel.remoteAddress,
            let port = remote.port, let local = channel.localAddress, remote.ipAddress == local.ipAddress
        else { return false }
        return ports.withLock { $0[port] != nil }
    }
}
