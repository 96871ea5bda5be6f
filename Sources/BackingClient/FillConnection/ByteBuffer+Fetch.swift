import NIOCore

extension ByteBuffer {
    /// The commands of a fetch, put together in place: hiredis prints each into memory of its own, by `snprintf`, which is a tenth of
    /// a miss.
    ///
    /// - Parameter isWrapped: Whether they stand between `MULTI` and `EXEC`.
    mutating func writeFetch(of key: ByteBuffer, isWrapped: Bool) {
        let key = key.readableBytesSpan
        if isWrapped { writeStaticString("*1\r\n$5\r\nMULTI\r\n") }
        writeStaticString("*2\r\n$3\r\nGET\r\n")
        writeBulk(key)
        writeStaticString("*2\r\n$4\r\nPTTL\r\n")
        writeBulk(key)
        if isWrapped { writeStaticString("*1\r\n$4\r\nEXEC\r\n") }
    }
}
