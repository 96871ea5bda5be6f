import TransportSecurity

/// The file of `REDIS_PASSWORD_FILE`.
enum PasswordFile {
    /// More than any password.
    private static let sizeLimit = 64 << 10

    /// The file's content less one newline at its end.
    static func read(path: String) throws(FileContent.Failure) -> Secret {
        let bytes = FileContent.withoutLineEnd(try FileContent.load(path: path, limit: sizeLimit))
        guard !bytes.isEmpty else { throw FileContent.Failure(reason: "is empty") }
        return Secret(bytes)
    }
}
