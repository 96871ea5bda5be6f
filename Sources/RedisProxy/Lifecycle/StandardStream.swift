import Glibc

/// The process' own output and error stream, unbuffered, for what comes before the log and after it.
enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Writes all of `text`; what cannot be written, because nobody reads any more, is lost.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
