import TestSupport

/// How the bytes of a script are sent.
enum Delivery: String, CaseIterable, Sendable {
    /// Each command when the one before it is answered.
    case oneByOne
    /// All commands in one write.
    case pipelined
    /// All commands in pieces of random sizes.
    case inPieces

    /// Plays a script on a connection and returns the replies to each of its lines.
    ///
    /// A line whose replies do not come is the last; its text tells what came.
    func play(
        _ lines: [ScriptLine], on connection: RawConnection, _ generator: inout SeededGenerator
    ) throws -> [[UInt8]] {
        let all = lines.flatMap(\.bytes)
        switch self {
        case .oneByOne: break
        case .pipelined: try connection.send(all)
        case .inPieces: try connection.send(all, inPiecesFrom: &generator, upTo: 64)
        }
        var replies: [[UInt8]] = []
        for line in lines {
            do {
                if self == .oneByOne { try connection.send(line.bytes) }
                replies.append(try (0..<line.replies).flatMap { _ in try connection.receiveReply() })
            } catch {
                replies.append(Array("\(error)".utf8))
                return replies
            }
        }
        connection.finishSending()
        replies.append(try connection.receiveToEnd().bytes)
        return replies
    }
}
