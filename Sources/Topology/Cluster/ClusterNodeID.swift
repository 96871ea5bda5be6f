/// The name that a node of a cluster has for as long as it is in it.
public struct ClusterNodeID: Hashable, Sendable {
    /// 40 hexadecimal digits.
    public let text: String

    /// nil where that is no such name.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 40, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.text = String(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

extension ClusterNodeID: CustomStringConvertible {
    /// The text.
    public var description: String { text }
}
