import NIOCore
import NIOSSL

/// Why a handshake failed, or a connection ended that was encrypted.
public enum TLSFailure: Error, Hashable, Sendable, CaseIterable {
    /// Nobody whom we trust has signed the other side's certificate.
    case unknownAuthority
    /// The certificate could not be verified; which of the reasons it was, BoringSSL does not tell.
    case notVerified
    /// The certificate is of another name.
    case wrongName
    /// The certificate has ended, or has not begun.
    case expired
    case notYetValid
    /// The other side asks for a certificate, and we have shown none.
    case certificateRequired
    /// The other side does not accept the certificate that we have shown.
    case certificateRefused
    /// What came is no TLS.
    case notTLS
    /// No version, or no cipher, that both sides speak.
    case nothingInCommon
    /// The other side closed the connection before the handshake was done.
    case closed
    /// The handshake was not done in time.
    case timedOut
    /// Anything else.
    case other
}

extension TLSFailure {
    /// What an error of the pipeline means; nil where it is not about TLS, or says no more than that the connection has ended.
    public init?(_ error: any Error) {
        switch error {
        case let failure as TLSFailure: self = failure
        case is NIOSSLExtraError: self = .wrongName
        case NIOSSLError.handshakeFailed(let cause): self = Self(cause) ?? .other
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate: self = .notVerified
        case let cause as BoringSSLError:
            guard let failure = Self(cause) else { return nil }
            self = failure
        default: return nil
        }
    }

    private init?(_ error: BoringSSLError) {
        guard case .sslError(let stack) = error else { return nil }
        if stack == [.eofDuringHandshake] || stack == [.eofDuringAdditionalCertficiateChainValidation] {
            self = .closed
            return
        }
        // BoringSSL has numbers for these, but SwiftNIO gives only the text.
        let text = stack.map(\.description).joined(separator: " ")
        self = Self.meanings.first { text.contains($0.reason) }?.failure ?? .other
    }

    private static let meanings: [(reason: String, failure: TLSFailure)] = [
        ("CERTIFICATE_VERIFY_FAILED", .notVerified),
        ("ALERT_CERTIFICATE_REQUIRED", .certificateRequired),
        ("PEER_DID_NOT_RETURN_A_CERTIFICATE", .certificateRequired),
        ("ALERT_UNKNOWN_CA", .certificateRefused),
        ("ALERT_BAD_CERTIFICATE", .certificateRefused),
        ("ALERT_CERTIFICATE_EXPIRED", .certificateRefused),
        ("ALERT_CERTIFICATE_REVOKED", .certificateRefused),
        ("ALERT_CERTIFICATE_UNKNOWN", .certificateRefused),
        ("ALERT_UNSUPPORTED_CERTIFICATE", .certificateRefused),
        ("ALERT_ACCESS_DENIED", .certificateRefused),
        ("WRONG_VERSION_NUMBER", .notTLS),
        ("HTTP_REQUEST", .notTLS),
        ("UNEXPECTED_RECORD", .notTLS),
        ("UNSUPPORTED_PROTOCOL", .nothingInCommon),
        ("ALERT_PROTOCOL_VERSION", .nothingInCommon),
        ("NO_SHARED_CIPHER", .nothingInCommon),
        // What a server of TLS 1.2 says of a missing certificate, too, so it comes last.
        ("ALERT_HANDSHAKE_FAILURE", .nothingInCommon),
    ]
}
