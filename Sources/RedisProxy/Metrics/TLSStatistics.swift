import TransportSecurity

/// What `/metrics` says of TLS.
struct TLSStatistics: Sendable {
    /// When the certificate that a side is shown ends, in seconds since 1970; none for a side that is shown none.
    var expiry: [TLSReload.Side: Int] = [:]
    /// Whether clients may speak it.
    var isListening = false
    /// The handshakes with the backing that failed; nil where it speaks no TLS.
    var failedWithBacking: [TLSFailure: UInt64]?
}
