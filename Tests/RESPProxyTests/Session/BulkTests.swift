import NIOCore
import RESPParser
import Testing

@testable import RESPProxy

@Suite("bulk strings put together in place")
struct BulkTests {
    @Test("they are those of the encoder", arguments: [0, 1, 9, 10, 99, 100, 101, 999, 1_000, 12_345, 1_000_000])
    func sameAsEncoder(length: Int) {
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        var expected: [UInt8] = []
        var written = ByteBuffer()
        for _ in 0..<2 {
            RESPEncoder.bulk(body.span.bytes, into: &expected)
            written.writeBulk(body.span.bytes)
        }
        #expect(written.readableBytesView.elementsEqual(expected))
    }
}
