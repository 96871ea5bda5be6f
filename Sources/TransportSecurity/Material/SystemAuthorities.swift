#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The certificates of the authorities that this system trusts.
public enum SystemAuthorities {
    /// Where distributions keep them all in one file; Debian's comes with the package `ca-certificates`.
    private static let paths = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]

    /// The file; nil where the system has none.
    ///
    /// - Parameter option: what the user can set instead.
    public static func file(option: String) -> TLSFile? {
        paths.first { access($0, R_OK) == 0 }.map { TLSFile(path: $0, option: option) }
    }
}
