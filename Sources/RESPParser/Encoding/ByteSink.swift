/// Where encoded bytes go: an array here, a `ByteBuffer` in the targets that know SwiftNIO.
public protocol ByteSink {
    /// Adds one byte at the end.
    mutating func append(_ byte: UInt8)
    /// Adds bytes at the end.
    mutating func append(_ bytes: RawSpan)
}

extension [UInt8]: ByteSink {
    /// Adds bytes at the end.
    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { self.append(contentsOf: $0) }
    }
}
