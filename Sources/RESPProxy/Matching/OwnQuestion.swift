import NIOCore
import RESPParser

/// What the proxy itself asks on a session's own connection, to be certain of what it has so far only concluded from the order of the
/// replies.
///
/// It sends `PING` with a word that nobody else can know. The server repeats that word in the reply to this question and in no earlier one:
/// when it comes, exactly as many replies have come as commands were sent. Where the session itself is in doubt, `CLIENT INFO` is sent
/// right before the `PING`; the frame right before the word is the answer to it.
///
/// Before both goes `SPUBLISH` where it is for `WAIT`. That counts from the last command of its connection that was replicated (before 7.2
/// from the last one of all). This one is replicated; its channel is the word, so that nobody hears of it.
struct OwnQuestion: Equatable, Sendable {
    /// The commands, in the order of their replies.
    enum Part: Equatable, Sendable { case replicated, standing, word }

    let word: [UInt8]
    let isReplicated: Bool
    let asksStanding: Bool
    /// The user that `CLIENT INFO` names for a connection on which the client has not logged in.
    let newUser: [UInt8]

    /// - Parameter word: Unforeseeable, and never used twice.
    init(
        word: [UInt8] = Self.randomWord(), isReplicated: Bool = false, asksStanding: Bool,
        newUser: [UInt8] = DefaultUser.name
    ) {
        self.word = word
        self.isReplicated = isReplicated
        self.asksStanding = asksStanding
        self.newUser = newUser
    }

    var parts: [Part] { (isReplicated ? [.replicated] : []) + (asksStanding ? [.standing] : []) + [.word] }

    func encode(into bytes: inout ByteBuffer) {
        if isReplicated { RESPEncoder.command([Array("SPUBLISH".utf8), word, []], into: &bytes) }
        if asksStanding { RESPEncoder.command([Array("CLIENT".utf8), Array("INFO".utf8)], into: &bytes) }
        RESPEncoder.command([Array("PING".utf8), word], into: &bytes)
    }

    /// Whether the frame is the answer to `PING`.
    func isSaid(by reply: ReplyGlimpse) -> Bool {
        let header = Array("$\(word.count)\r\n".utf8)
        return reply.head.count == header.count + word.count + 2 && reply.head.starts(with: header)
            && reply.head.dropFirst(header.count).starts(with: word)
    }

    /// 128 bits, behind a name by which an operator who reads `MONITOR` knows whose it is.
    static func randomWord() -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var random = SystemRandomNumberGenerator()
        var word = Array("redis-proxy-".utf8)
        for _ in 0..<2 {
            let bits = random.next()
            for place in 0..<16 { word.append(digits[Int((bits >> UInt64(place * 4)) & 0xF)]) }
        }
        return word
    }
}
