#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What is in a small file that the user has named.
package enum FileContent {
    /// Why a file cannot be used.
    package struct Failure: Error {
        /// To follow the file's name: "cannot be read: No such file or directory".
        package let reason: String

        package init(reason: String) { self.reason = reason }
    }

    /// Reads a file whole.
    ///
    /// - Parameter limit: in bytes; a stop where the path leads to something endless.
    package static func load(path: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable() }
            guard count > 0 else { return content }
            content += chunk[..<count]
            guard content.count <= limit else { throw Failure(reason: "is longer than \(limit) bytes") }
        }
    }

    /// The content less one end of a line at its end, as editors leave it behind a password.
    package static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        let line = bytes.dropLast()
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }

    private static func unreadable() -> Failure {
        Failure(reason: "cannot be read: \(String(cString: strerror(errno)))")
    }
}
