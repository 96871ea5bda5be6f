import CHiredis

/// hiredis' reader, fed and drained a piece at a time, as its clients do.
final class HiredisReader {
    private let reader: UnsafeMutablePointer<redisReader>?
    private let makesObjects: Bool

    /// - Parameter makesObjects: The default; without, it only finds the ends of replies (`fn = NULL`).
    init(makesObjects: Bool) {
        self.makesObjects = makesObjects
        reader = makesObjects ? redisReaderCreate() : redisReaderCreateWithFunctions(nil)
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Reads `stream` and returns the sum of what `each` gives for its replies.
    func read(_ stream: [UInt8], inPiecesOf piece: Int, each: (UnsafeMutableRawPointer) -> Int) -> Int {
        var sum = 0
        stream.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let length = min(piece, bytes.count - start)
                redisReaderFeed(reader, bytes.baseAddress?.advanced(by: start), length)
                var reply: UnsafeMutableRawPointer?
                while redisReaderGetReply(reader, &reply) == REDIS_OK, let found = reply {
                    sum += each(found)
                    if makesObjects { freeReplyObject(found) }
                }
            }
        }
        return sum
    }

    /// The bytes of all elements of an array of strings.
    static func elementBytes(_ reply: UnsafeMutableRawPointer) -> Int {
        let reply = reply.assumingMemoryBound(to: redisReply.self)
        var sum = 0
        for index in 0..<Int(reply.pointee.elements) {
            sum += Int(reply.pointee.element[index]?.pointee.len ?? 0)
        }
        return sum
    }
}
