import NIOCore

/// A header of version 2 of the PROXY protocol: what a load balancer sends first on a connection to say for whom it has made it.
///
/// The specification is https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, section 2.2; sections below are its own.
public struct ProxyHeader: Equatable, Sendable {
    /// For whom the connection was made.
    public enum Origin: Equatable, Sendable {
        /// For the sender itself (the command `LOCAL`), as health checks are, or for a client on the sender's machine (`AF_UNIX`): the
        /// socket's peer counts.
        case sender
        /// For somebody whom the sender does not name (`UNSPEC`): "the receiver is free to accept the connection anyway and use the real
        /// endpoint addresses".
        case unknown
        /// For a client at that address.
        case client(SocketAddress)
    }

    /// What bytes are, all of a connection so far.
    enum Reading: Equatable {
        case incomplete
        case whole(ProxyHeader)
        case failed(ProxyHeaderFailure)
    }

    let origin: Origin
    /// Of the whole header, in bytes; what follows is the client's.
    let length: Int

    /// "\r\n\r\n\0\r\nQUIT\n"
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// With which a header of version 1 begins (2.1).
    private static let version1 = Array("PROXY ".utf8)
    /// The signature, and a byte each for version and command, and for family and transport, and two for the length of the rest.
    private static let fixedLength = 16
    /// Whole headers longer than this are refused. HAProxy sends none that is longer than its buffers, which have this size unless set.
    static let lengthLimit = 16_384

    /// What the proxy itself sends where a header is required: `LOCAL`, with nothing behind it.
    public static let local = signature + [0x20, 0x00, 0x00, 0x00]

    /// How far bytes are a text: all of it, only its beginning because there are no more, or not at all.
    enum Match { case whole, beginning, none }

    static func match(_ bytes: RawSpan, _ text: [UInt8] = signature) -> Match {
        for (offset, expected) in text.enumerated() {
            guard offset < bytes.byteCount else { return .beginning }
            guard bytes[byte: offset] == expected else { return .none }
        }
        return .whole
    }

    static func read(_ bytes: RawSpan) -> Reading {
        switch match(bytes) {
        case .beginning: return .incomplete
        case .none:
            switch match(bytes, version1) {
            case .beginning: return .incomplete
            case .whole: return .failed(.version1)
            case .none: return .failed(.missing)
            }
        case .whole: break
        }
        guard bytes.byteCount >= fixedLength else { return .incomplete }
        // "The highest four bits contains the version. … The receiver must only accept this value."
        guard bytes[byte: 12] >> 4 == 2 else { return .failed(.malformed) }
        let length = fixedLength + Int(bytes[byte: 14]) << 8 + Int(bytes[byte: 15])
        guard length <= lengthLimit else { return .failed(.tooLong) }
        // "The receiver must not start to parse an address before the whole address block is received."
        guard bytes.byteCount >= length else { return .incomplete }
        let header = bytes.extracting(first: length)
        do {
            return .whole(ProxyHeader(origin: try origin(header), length: length))
        } catch {
            return .failed(error)
        }
    }

    /// - Parameter header: whole.
    private static func origin(_ header: RawSpan) throws(ProxyHeaderFailure) -> Origin {
        switch header[byte: 12] & 0x0F {
        // "The receiver must … discard the protocol block including the family which is ignored."
        case 0: return .sender
        case 1: break
        // "Receivers must drop connections presenting unexpected values here."
        default: throw .malformed
        }
        let (family, transport) = (header[byte: 13] >> 4, header[byte: 13] & 0x0F)
        guard family <= 3, transport <= 2 else { throw .malformed }
        guard family != 0, transport != 0 else { return .unknown }
        let addressLength = [4, 16, 108][Int(family) - 1]
        let addressesLength = 2 * addressLength + (family == 3 ? 0 : 2 * 2)
        guard header.byteCount >= fixedLength + addressesLength else { throw .malformed }
        try check(header, vectorsFrom: fixedLength + addressesLength)
        return family == 3 ? .sender : try client(header, addressLength: addressLength)
    }

    /// The source: the address stands first, its port behind both addresses.
    private static func client(_ header: RawSpan, addressLength: Int) throws(ProxyHeaderFailure) -> Origin {
        var address = (0..<addressLength).map { header[byte: fixedLength + $0] }
        // One of IPv4, written as one of IPv6: HAProxy does so where the two ends are of different families.
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        if address.count == 16, address.starts(with: mapped) { address.removeFirst(mapped.count) }
        let offset = fixedLength + 2 * addressLength
        let port = Int(header[byte: offset]) << 8 + Int(header[byte: offset + 1])
        guard let source = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: address), port: port) else {
            throw .malformed
        }
        return .client(source)
    }

    /// Steps over the vectors of type, length and value behind the addresses; a checksum among them must be right (2.2.3).
    private static func check(_ header: RawSpan, vectorsFrom start: Int) throws(ProxyHeaderFailure) {
        var offset = start
        var checksum: Int?
        while offset < header.byteCount {
            guard header.byteCount - offset >= 3 else { throw .malformed }
            let length = Int(header[byte: offset + 1]) << 8 + Int(header[byte: offset + 2])
            let value = offset + 3
            guard header.byteCount - value >= length else { throw .malformed }
            if header[byte: offset] == checksumType {
                guard length == 4, checksum == nil else { throw .malformed }
                checksum = value
            }
            offset = value + length
        }
        if let checksum, !isRight(checksumAt: checksum, header) { throw .checksum }
    }

    /// `PP2_TYPE_CRC32C`
    private static let checksumType: UInt8 = 0x03

    /// "Replace the 32 bits of the checksum field in the received PROXY header with all '0's and calculate a CRC32c checksum value of the
    /// whole PROXY header."
    private static func isRight(checksumAt field: Int, _ header: RawSpan) -> Bool {
        var calculated = CRC32C()
        var received: UInt32 = 0
        for offset in 0..<header.byteCount {
            let isField = offset >= field && offset - field < 4
            if isField { received = received << 8 | UInt32(header[byte: offset]) }
            calculated.add(isField ? 0 : header[byte: offset])
        }
        return calculated.value == received
    }
}
