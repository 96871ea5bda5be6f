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
        var replies: [[UInt8]] = []
        var sent = 0
        for (index, line) in lines.enumerated() {
            if index == sent {
                sent = self.end(of: lines, from: index)
                let bytes = lines[index..<sent].flatMap(\.bytes)
                switch self {
                case .oneByOne, .pipelined: try connection.send(bytes)
                case .inPieces: try connection.send(bytes, inPiecesFrom: &generator, upTo: 64)
                }
            }
            do {
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

    /// Up to where lines are sent together, without waiting for replies between them.
    ///
    /// What `SYNC` and `PSYNC` answer depends on whether the replies before them are out: they are sent once those have come. So is
    /// `AUTH` on Redis from 7.2 on, which does not answer one that fails behind a reply that is not out.
    private func end(of lines: [ScriptLine], from start: Int) -> Int {
        guard self != .oneByOne else { return start + 1 }
        return lines.indices.dropFirst(start + 1).first {
            ["SYNC", "PSYNC"].contains(lines[$0].word(0))
                || ServerProgram.current.swallowsFailedLogins && lines[$0].bytes.contains("AUTH".utf8)
        } ?? lines.count
    }
}
