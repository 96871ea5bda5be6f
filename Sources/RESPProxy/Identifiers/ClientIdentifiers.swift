import NIOCore
import Synchronization

/// A client that has an id of ours.
protocol IdentifiedClient: AnyObject {
    /// All but this is to be asked there.
    var eventLoop: any EventLoop { get }
    /// The server's id of the connection that the client has to itself; nil where it has none, or it is not known.
    var serverIdentifier: Int? { get }
    /// Somebody names the client: it is given a connection of its own, if it has none, and keeps it.
    ///
    /// - Parameter found: Told the server's id of that connection; nil where the client is gone before it has one.
    func beFound(_ found: @escaping @Sendable (Int?) -> Void)
    /// What was asked for the client's command about other ids has been found.
    func identifiersFound()
}

/// The ids by which the clients of this process are known, on all event loops.
///
/// The server knows connections, and a session goes from one to another. So a client is told an id of ours, which is its session's
/// for as long as it lives, and which is put back where a command names it.
///
/// The ids lie where the server's, which count from 1, never come, and where each is still a number of its own as a double. Each process
/// begins at a random place, so that several proxies in front of one server do not tell the same.
final class ClientIdentifiers: Sendable {
    /// Where they lie.
    static let range = 1 << 52..<1 << 53
    /// How many a process counts through before it begins anew.
    private static let span = 1 << 36

    private struct State {
        var sessions: [Int: NIOLoopBound<any IdentifiedClient>] = [:]
        var given = 0
    }

    private let first = range.lowerBound + Int.random(in: 0..<1 << 16) * span
    private let state = Mutex(State())

    /// Gives a session its id.
    func give(to client: any IdentifiedClient) -> Int {
        let session = NIOLoopBound(client, eventLoop: client.eventLoop)
        return state.withLock { state in
            var identifier: Int
            repeat {
                identifier = first + state.given
                state.given = (state.given + 1) % Self.span
            } while state.sessions[identifier] != nil
            state.sessions[identifier] = session
            return identifier
        }
    }

    /// The session is gone.
    func takeBack(_ identifier: Int) {
        _ = state.withLock { $0.sessions.removeValue(forKey: identifier) }
    }

    /// Whether some session has this id.
    func isKnown(_ identifier: Int) -> Bool { session(of: identifier) != nil }

    private func session(of identifier: Int) -> NIOLoopBound<any IdentifiedClient>? {
        guard Self.range.contains(identifier) else { return nil }
        return state.withLock { $0.sessions[identifier] }
    }

    /// Finds the connection that a session has at the server, and from then on keeps.
    ///
    /// - Parameter found: Told the server's id of it, on `eventLoop`; nil where there is no such session any more.
    func find(_ identifier: Int, on eventLoop: any EventLoop, _ found: @escaping @Sendable (Int?) -> Void) {
        guard let session = session(of: identifier) else { return found(nil) }
        session.eventLoop.execute {
            session.value.beFound { serverIdentifier in eventLoop.execute { found(serverIdentifier) } }
        }
    }

    /// Tells the ids of ours by those of the connections that sessions have to themselves now, on `eventLoop`.
    ///
    /// - Returns: False where nobody has an id: nothing is told then.
    func list(on eventLoop: any EventLoop, _ listed: @escaping @Sendable ([Int: Int]) -> Void) -> Bool {
        let sessions = state.withLock { Array($0.sessions) }
        guard !sessions.isEmpty else { return false }
        let byLoop = Dictionary(grouping: sessions) { ObjectIdentifier($0.value.eventLoop) }.values
        let collection = Collection(missing: byLoop.count)
        for sessions in byLoop {
            sessions.first?.value.eventLoop.execute {
                var found: [Int: Int] = [:]
                for (identifier, session) in sessions {
                    if let ofServer = session.value.serverIdentifier { found[ofServer] = identifier }
                }
                guard let all = collection.add(found) else { return }
                eventLoop.execute { listed(all) }
            }
        }
        return true
    }
}

/// What several event loops add to.
private final class Collection: Sendable {
    private let state: Mutex<(missing: Int, identifiers: [Int: Int])>

    init(missing: Int) { state = Mutex((missing, [:])) }

    /// - Returns: What all have added, with the last of them.
    func add(_ identifiers: [Int: Int]) -> [Int: Int]? {
        state.withLock { state in
            state.identifiers.merge(identifiers) { $1 }
            state.missing -= 1
            return state.missing == 0 ? state.identifiers : nil
        }
    }
}
