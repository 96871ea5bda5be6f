/// Follows a connection from its first byte until it is known what it speaks: TLS or not, and inside of it RESP or HTTP.
struct Opening {
    /// Whether the port speaks TLS.
    enum Encryption: Equatable { case none, offered, required }

    enum Step: Equatable {
        /// More bytes are needed.
        case wait
        /// The bytes are TLS, and what comes out of it is to be looked at next.
        case beginTLS
        /// RESP or HTTP.
        case speaks(FirstBytes.Verdict)
        /// RESP or HTTP, but not in private, as the port requires.
        case refusePlaintext(FirstBytes.Verdict)
    }

    /// How every connection of TLS begins: with a record of the handshake.
    private static let handshakeRecord: UInt8 = 0x16

    private let accepts: ListenerProtocol
    /// What is outside of the bytes that come next.
    private var encryption: Encryption
    private var firstBytes = FirstBytes()

    init(accepts: ListenerProtocol, encryption: Encryption) {
        self.accepts = accepts
        self.encryption = encryption
    }

    /// - Parameter bytes: all bytes so far; after ``Step/beginTLS`` all that came out of it.
    mutating func step(on bytes: RawSpan) -> Step {
        if encryption != .none, bytes.byteCount > 0,
            bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == Self.handshakeRecord
        {
            encryption = .none
            return .beginTLS
        }
        let verdict =
            switch accepts {
            case .resp: FirstBytes.Verdict.resp
            case .http: FirstBytes.Verdict.http
            case .both: firstBytes.verdict(on: bytes)
            }
        if verdict == .undecided { return .wait }
        return encryption == .required ? .refusePlaintext(verdict) : .speaks(verdict)
    }
}
