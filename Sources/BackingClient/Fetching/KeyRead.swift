import NIOCore

/// What is asked about a key: the command, in which version of the protocol it is answered, and how its reply is taken.
///
/// There is one so far. Another one is another case: whatever there is to be said about it the compiler then asks for, here, where it
/// is routed, and where its reply is given.
public enum KeyRead: Hashable, Sendable {
    /// `GET`. Its reply is the same in each version of the protocol but for how nil is written, so the value alone is kept, and encoded for
    /// whoever is given it.
    case get

    /// The command on a key, word by word.
    package func words(key: ByteBuffer) -> [[UInt8]] {
        switch self {
        case .get: [Array("GET".utf8), Array(key.readableBytesView)]
        }
    }

    /// The command as it is sent up to the key, which is its last word.
    var commandUpToKey: StaticString {
        switch self {
        case .get: "*2\r\n$3\r\nGET\r\n"
        }
    }

    /// What the server said.
    enum Result {
        case bytes(ByteBuffer)
        case absent
        /// More bytes than are kept.
        case tooLarge(Int)
        case error([UInt8])
    }

    /// What a reply says; nil: it is none to this read.
    func result(of reply: BackingReply) -> Result? {
        switch (self, reply) {
        case (_, .error(let text)): .error(text)
        case (.get, .bulk(let bytes)): .bytes(bytes)
        case (.get, .null): .absent
        case (.get, .tooLong(let length)): .tooLarge(length)
        case (.get, _): nil
        }
    }
}
