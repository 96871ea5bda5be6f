import NIOCore
import Testing

@testable import RESPProxy

@Suite("addresses and networks in CIDR form")
struct AddressBlockTests {
    private func contains(_ block: String, _ address: String) throws -> Bool {
        let address = try #require(IPAddress(SocketAddress(ipAddress: address, port: 1)))
        return try AddressBlock(block).contains(address)
    }

    @Test(
        "an address is in its network",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1"), ("10.1.2.3", "10.1.2.3"), ("10.1.2.3/32", "10.1.2.3"),
            ("0.0.0.0/0", "203.0.113.9"), ("128.0.0.0/1", "255.0.0.1"), ("10.0.0.0/31", "10.0.0.1"),
            ("fd00::/8", "fdff::1"), ("::1", "::1"), ("::/0", "2001:db8::1"), ("2001:db8::/33", "2001:db8:7fff::"),
            ("fe80::/10", "fe80::1%lo"), ("10.0.0.0/8", "::ffff:10.1.1.1"), ("::ffff:10.0.0.0/104", "10.1.1.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
        ])
    func inside(block: String, address: String) throws {
        #expect(try contains(block, address))
    }

    @Test(
        "an address is not in another's, nor in one of the other family",
        arguments: [
            ("10.0.0.0/8", "11.0.0.0"), ("10.1.2.3", "10.1.2.4"), ("10.0.0.0/31", "10.0.0.2"), ("::/0", "10.0.0.1"),
            ("0.0.0.0/0", "::1"), ("2001:db8::/33", "2001:db8:8000::"), ("::/0", "::ffff:10.0.0.1"),
            ("128.0.0.0/1", "127.255.255.255"),
        ])
    func outside(block: String, address: String) throws {
        #expect(try !contains(block, address))
    }

    @Test("what is none says why")
    func faults() {
        func fault(_ text: String) -> AddressBlock.Fault? {
            do {
                _ = try AddressBlock(text)
                return nil
            } catch {
                return error
            }
        }
        for text in ["", "/8", "localhost", "10.0.0/8", "10.0.0.0.0", "010.0.0.1", "::g", "[::1]", "fe80::1%eth0", "1"]
        {
            #expect(fault(text) == .notAnAddress, "\(text)")
        }
        for text in ["10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/99999999999"] {
            #expect(fault(text) == .notALength(maximum: 32), "\(text)")
        }
        #expect(fault("::/129") == .notALength(maximum: 128))
        #expect(fault("10.0.0.1/8") == .bitsBeyondLength(within: "10.0.0.0/8"))
        #expect(fault("fd00::1/8") == .bitsBeyondLength(within: "fd00::/8"))
    }

    @Test(
        "its text is read back",
        arguments: ["10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "fd00::/8", "::1/128", "::/0", "::ffff:0.0.0.0/96"])
    func text(text: String) throws {
        let block = try AddressBlock(text)
        #expect(try AddressBlock(block.description) == block)
    }
}
