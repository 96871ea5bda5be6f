import CHiredis
import NIOCore

/// Encodes commands with hiredis.
enum HiredisCommand {
    /// Appends a command without arguments.
    static func append(_ name: StaticString, to buffer: inout ByteBuffer) {
        self.append([UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)], to: &buffer)
    }

    /// Appends a command given word by word.
    static func append(_ words: [[UInt8]], to buffer: inout ByteBuffer) {
        Array(words.joined()).withUnsafeBytes { bytes in
            var end = 0
            let words = words.map { word in
                defer { end += word.count }
                return UnsafeRawBufferPointer(rebasing: bytes[end..<(end + word.count)])
            }
            self.append(words, to: &buffer)
        }
    }

    private static func append(_ words: [UnsafeRawBufferPointer], to buffer: inout ByteBuffer) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: words.count) { pointers in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: words.count) { lengths in
                for (index, word) in words.enumerated() {
                    pointers.initializeElement(at: index, to: word.baseAddress?.assumingMemoryBound(to: CChar.self))
                    lengths.initializeElement(at: index, to: word.count)
                }
                var command: UnsafeMutablePointer<CChar>?
                let length = redisFormatCommandArgv(
                    &command, CInt(words.count), pointers.baseAddress, lengths.baseAddress)
                // Nothing of it can be malformed: it fails only where memory is out.
                guard let command, length >= 0 else { preconditionFailure("out of memory") }
                buffer.writeBytes(UnsafeRawBufferPointer(start: command, count: Int(length)))
                redisFreeCommand(command)
            }
        }
    }
}
