import Synchronization
import TestSupport

/// A relay between the proxy and its server that makes the server give a reply too many, or one too few.
final class DisplacingRelay: Sendable {
    /// What is made of the reply to a command.
    enum Fault: Sendable {
        /// This comes before it.
        case extra(String)
        /// This comes behind it.
        case extraBehind(String)
        case missing
        /// This comes in its place.
        case replaced(String)
    }

    private let listener: FakeServer
    private let state = State()

    private final class State: Sendable {
        let faults = Mutex<[(text: String, fault: Fault)]>([])

        /// What is to be done about a command: each fault is for one.
        func takeFault(for command: String) -> Fault? {
            self.faults.withLock { faults in
                faults.firstIndex { command.contains($0.text) }.map { faults.remove(at: $0).fault }
            }
        }
    }

    /// The port that the proxy connects to.
    var port: Int { self.listener.port }

    init(to server: RedisServer) throws {
        let port = server.port
        let state = self.state
        self.listener = try FakeServer(limit: .seconds(60)) { client in
            let server = try RawConnection(port: port, limit: .seconds(60))
            let due = Mutex<[Fault?]>([])
            let requests = BackgroundWork {
                while true {
                    let command = try client.receiveReply()
                    let fault = state.takeFault(for: String(decoding: command, as: UTF8.self))
                    due.withLock { $0.append(fault) }
                    try server.send(command)
                }
            }
            defer {
                client.reset()
                server.reset()
                try? requests.wait()
            }
            while true {
                let reply = try server.receiveReply()
                // A push answers nothing; what is announced under RESP2 comes on a connection that nothing else is asked on.
                let fault =
                    reply.first == UInt8(ascii: ">") ? nil : due.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                switch fault {
                case nil: try client.send(reply)
                case .extra(let extra): try client.send(Array(extra.utf8) + reply)
                case .extraBehind(let extra):
                    try client.send(reply)
                    try client.send(extra)
                case .missing: break
                case .replaced(let other): try client.send(other)
                }
            }
        }
    }

    /// Does that to the reply to the next command that contains a text.
    func displace(_ text: String, _ fault: Fault) { self.state.faults.withLock { $0.append((text, fault)) } }

    /// Whether all has been done.
    var isDone: Bool { self.state.faults.withLock { $0.isEmpty } }
}
