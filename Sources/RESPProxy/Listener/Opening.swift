/// Follows a connection from its first byte until it is known what it speaks: behind a header of the PROXY protocol where one is required, TLS or
/// not, and inside of it RESP or HTTP.
struct Opening {
    /// Whether the port speaks TLS.
    enum Encryption: Equatable { case none, offered, required }

    enum Step: Equatable {
        /// More bytes are needed; where none come for long, that is to be done, or, where nothing can be, it is closed.
        indirect case wait(otherwise: Step? = nil)
        /// The header is whole; what follows it is to be looked at next.
        case skip(ProxyHeader)
        /// What must begin with a header does not.
        case close(ProxyHeaderFailure)
        /// The bytes are TLS, and what comes out of it is to be looked at next.
        case beginTLS
        /// RESP or HTTP.
        case speaks(FirstBytes.Verdict)
        /// RESP or HTTP, but turned away: not in private, as the port requires, or with a header that is not taken.
        case refuse(LoopMetrics.Refusal, FirstBytes.Verdict)
    }

    /// How every connection of TLS begins: with a record of the handshake.
    private static let handshakeRecord: UInt8 = 0x16

    private let accepts: ListenerProtocol
    /// What is outside of the bytes that come next.
    private var encryption: Encryption
    /// Whether a header is still to come.
    private(set) var awaitsHeader: Bool
    private var firstBytes = FirstBytes()

    init(accepts: ListenerProtocol, encryption: Encryption, requiresHeader: Bool = false) {
        self.accepts = accepts
        self.encryption = encryption
        awaitsHeader = requiresHeader
    }

    /// - Parameter bytes: all bytes so far, at least one; after ``Step/skip(_:)`` all behind it, after ``Step/beginTLS`` all that came out of it.
    mutating func step(on bytes: RawSpan) -> Step {
        if awaitsHeader {
            switch ProxyHeader.read(bytes) {
            case .incomplete: return .wait()
            case .failed(let failure): return .close(failure)
            case .whole(let header):
                awaitsHeader = false
                return .skip(header)
            }
        }
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
        if verdict == .undecided { return .wait() }
        let step = encryption == .required ? Step.refuse(.plaintext, verdict) : .speaks(verdict)
        switch ProxyHeader.match(bytes) {
        case .none: return step
        // To Redis these are empty lines, to which it does not answer: nobody notices that they wait.
        case .beginning: return .wait(otherwise: step)
        case .whole: return .refuse(.proxyHeader, verdict)
        }
    }
}
