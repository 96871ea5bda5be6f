import NIOCore
import TestSupport
import Testing

@testable import RESPProxy

@Suite("a header of the PROXY protocol, read")
struct ProxyHeaderTests {
    /// What comes of bytes that come one by one.
    private func reading(_ bytes: [UInt8]) -> ProxyHeader.Reading {
        for count in 0...bytes.count {
            let reading = ProxyHeader.read(bytes.span.extracting(first: count).bytes)
            if reading != .incomplete { return reading }
        }
        return .incomplete
    }

    private func origin(_ header: HeaderBytes) -> ProxyHeader.Origin? {
        guard case .whole(let read) = reading(header.bytes + Array("PING\r\n".utf8)) else { return nil }
        #expect(read.length == header.bytes.count, "what follows is the client's")
        return read.origin
    }

    private func client(_ address: String) throws -> ProxyHeader.Origin {
        .client(try SocketAddress(ipAddress: address, port: 40000))
    }

    private static let whole: [HeaderBytes] = [
        .ipv4, .ipv6, .unix, HeaderBytes(versionAndCommand: 0x20, familyAndTransport: 0, rest: []),
        HeaderBytes(familyAndTransport: 0, rest: HeaderBytes.zeros(5)), HeaderBytes.ipv4.with(0x04, [1, 2, 3]),
        HeaderBytes.ipv6.with(0x20, HeaderBytes.zeros(300)).withChecksum(),
    ]

    @Test("it is whole with its last byte and not before, whatever follows in the same read", arguments: whole)
    func splits(header: HeaderBytes) {
        let bytes = header.bytes
        for count in 0..<bytes.count {
            #expect(ProxyHeader.read(bytes.span.extracting(first: count).bytes) == .incomplete, "\(count) bytes")
        }
        for more in 0..<40 {
            let longer = bytes + [UInt8](repeating: 0x16, count: more)
            guard case .whole(let read) = ProxyHeader.read(longer.span.bytes) else {
                Issue.record("\(more) bytes behind it")
                return
            }
            #expect(read.length == bytes.count)
        }
    }

    @Test("the source is the client, over IPv4, over IPv6, and over IPv4 written as IPv6")
    func addresses() throws {
        #expect(origin(.ipv4) == (try client("203.0.113.9")))
        #expect(origin(.ipv6) == (try client("2001:db8::7")))
        var datagram = HeaderBytes.ipv4
        datagram.familyAndTransport = 0x12
        #expect(origin(datagram) == (try client("203.0.113.9")))
        var mapped = HeaderBytes.ipv6
        mapped.rest.replaceSubrange(0..<16, with: HeaderBytes.zeros(10) + [0xFF, 0xFF, 203, 0, 113, 9])
        #expect(origin(mapped) == (try client("203.0.113.9")))
    }

    @Test("LOCAL is the sender, whatever family and addresses say, and so is a Unix socket; UNSPEC names nobody")
    func unnamed() {
        for family in [UInt8(0x00), 0x11, 0x21, 0x31, 0xFF] {
            for rest in [[], HeaderBytes.zeros(3), HeaderBytes.ipv4.rest] {
                #expect(
                    origin(HeaderBytes(versionAndCommand: 0x20, familyAndTransport: family, rest: rest)) == .sender)
            }
        }
        #expect(origin(.unix) == .sender)
        for family in [UInt8(0x00), 0x01, 0x10, 0x20, 0x02] {
            #expect(origin(HeaderBytes(familyAndTransport: family, rest: HeaderBytes.ipv4.rest)) == .unknown)
        }
        #expect(ProxyHeader.local == HeaderBytes(versionAndCommand: 0x20, familyAndTransport: 0, rest: []).bytes)
    }

    @Test("vectors are stepped over, and a checksum among them must be right, wherever it stands")
    func vectors() throws {
        let long = HeaderBytes.ipv4.with(0xE0, HeaderBytes.zeros(5000)).with(0x04, [])
        #expect(origin(long) == (try client("203.0.113.9")))
        #expect(origin(long.withChecksum()) == (try client("203.0.113.9")))
        let checked = HeaderBytes.ipv6.with(0x05, [1]).withChecksum()
        #expect(origin(checked) == (try client("2001:db8::7")))
        // All but the command, which may become LOCAL, of which nothing is looked at, the length, and what says that it is a checksum.
        for offset in [13] + Array(16..<checked.bytes.count) where offset != checked.bytes.count - 7 {
            for bit in 0..<8 {
                var bytes = checked.bytes
                bytes[offset] ^= 1 << bit
                guard case .failed(let failure) = reading(bytes) else {
                    #expect(offset == 13, "UNSPEC, of which nothing is looked at either: byte \(offset), bit \(bit)")
                    continue
                }
                #expect(failure == .checksum || failure == .malformed)
            }
        }
        #expect(reading(HeaderBytes.ipv4.withChecksum().withChecksum().bytes) == .failed(.malformed))
        #expect(reading(HeaderBytes.ipv4.with(0x03, [1, 2, 3]).bytes) == .failed(.malformed))
    }

    @Test("the checksum is CRC32C: the value that RFC 3720 gives for the digits")
    func checksum() {
        var checksum = CRC32C()
        for byte in "123456789".utf8 { checksum.add(byte) }
        #expect(checksum.value == 0xE306_9283)
    }

    @Test("what the specification does not allow is malformed")
    func malformed() {
        func reading(_ change: (inout HeaderBytes) -> Void) -> ProxyHeader.Reading {
            var header = HeaderBytes.ipv4
            change(&header)
            return self.reading(header.bytes)
        }
        for version in [UInt8(0x01), 0x11, 0x31, 0xF1, 0x22, 0x2F] {
            #expect(reading { $0.versionAndCommand = version } == .failed(.malformed), "version, command \(version)")
        }
        for family in [UInt8(0x13), 0x1F, 0x41, 0xF1, 0x03, 0x40] {
            #expect(reading { $0.familyAndTransport = family } == .failed(.malformed), "family \(family)")
        }
        #expect(reading { $0.rest.removeLast() } == .failed(.malformed), "an address that is cut")
        #expect(reading { $0.familyAndTransport = 0x21 } == .failed(.malformed))
        #expect(reading { $0.familyAndTransport = 0x31 } == .failed(.malformed))
        #expect(reading { $0.rest += [0x04] } == .failed(.malformed), "a vector without a length")
        #expect(reading { $0.rest += [0x04, 0, 2, 0] } == .failed(.malformed), "a value that is cut")
        #expect(reading { $0.rest += [0x04, 0xFF, 0xFF] } == .failed(.malformed))
    }

    @Test("a header that says it is too long is refused before it has come")
    func tooLong() throws {
        var header = HeaderBytes.ipv4
        header.statedLength = ProxyHeader.lengthLimit - 16 + 1
        #expect(reading(Array(header.bytes.prefix(16))) == .failed(.tooLong))
        header.statedLength = 0xFFFF
        #expect(reading(Array(header.bytes.prefix(16))) == .failed(.tooLong))
        let filler = ProxyHeader.lengthLimit - HeaderBytes.ipv4.bytes.count - 3
        #expect(origin(HeaderBytes.ipv4.with(0x04, HeaderBytes.zeros(filler))) == (try client("203.0.113.9")))
    }

    @Test("what is no header is missing, with the first byte that tells; version 1 is told apart")
    func others() {
        for text in ["*1\r\n", "GET / HTTP/1.1\r\n", "\u{16}\u{3}\u{1}", "PING\r\n", "PROXY\r\n", "\r\n\r\n\r\n"] {
            #expect(reading(Array(text.utf8)) == .failed(.missing), "\(text)")
        }
        #expect(reading(Array("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n".utf8)) == .failed(.version1))
        #expect(reading(Array("PROXY".utf8)) == .incomplete)
    }

    @Test("made-up bytes are never a trap")
    func madeUp() {
        var generator = SeededGenerator()
        for _ in 0..<20_000 {
            var bytes = Self.whole.randomElement(using: &generator)?.bytes ?? []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let offset = Int.random(in: 12..<bytes.count, using: &generator)
                bytes[offset] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = ProxyHeader.read(bytes.span.bytes)
        }
    }
}
