import Glibc

/// The file of `REDIS_PASSWORD_FILE`.
enum PasswordFile {
    struct Failure: Error {
        /// To follow the file's name: "cannot be read: No such file or directory".
        let reason: String
    }

    /// More than any password, and a stop where the path leads to something endless.
    private static let sizeLimit = 64 << 10

    /// The file's content less one newline at its end.
    static func read(path: String) throws(Failure) -> Secret {
        var bytes = try content(path: path)
        if bytes.last == UInt8(ascii: "\n") {
            bytes.removeLast()
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        }
        guard !bytes.isEmpty else { throw Failure(reason: "is empty") }
        return Secret(bytes)
    }

    private static func content(path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable() }
            guard count > 0 else { return content }
            content += chunk[..<count]
            guard content.count <= sizeLimit else { throw Failure(reason: "is longer than \(sizeLimit) bytes") }
        }
    }

    private static func unreadable() -> Failure {
        Failure(reason: "cannot be read: \(SystemError.text(errno))")
    }
}
