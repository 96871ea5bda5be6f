import NIOSSL

/// Whether a certificate is for the name that was asked for.
///
/// SwiftNIO checks that, but it takes a certificate for the address that was connected to as well, even where a name was asked for. Whoever
/// answers for the name in DNS could then show a certificate for an address of his own.
enum ServerIdentity {
    static func isFor(_ name: String, _ certificate: NIOSSLCertificate) -> Bool {
        var namesAddress = false
        for alternative in certificate._subjectAlternativeNames() {
            switch alternative.nameType {
            case .dnsName where matches(String(decoding: alternative.contents, as: UTF8.self), name): return true
            case .ipAddress: namesAddress = true
            default: break
            }
        }
        // Without an address in it, SwiftNIO can only have found the name.
        return !namesAddress
    }

    /// RFC 9525, 6.3: letters in any case; an asterisk stands for the whole first label.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let (pattern, name) = (labels(pattern), labels(name))
        guard pattern.count == name.count, let first = pattern.first else { return false }
        return (first == "*" || first == name.first) && pattern.dropFirst() == name.dropFirst()
    }

    private static func labels(_ name: String) -> [Substring] {
        var labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        if labels.last?.isEmpty == true { labels.removeLast() }
        return labels
    }
}
