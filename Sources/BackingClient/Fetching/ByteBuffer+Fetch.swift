import NIOCore

extension ByteBuffer {
    /// The commands of a fetch, put together in place: hiredis prints each into memory of its own, by `snprintf`, which is a tenth of
    /// a miss.
    ///
    /// - Parameter isWrapped: Whether they stand between `MULTI` and `EXEC`.
    mutating func writeFetch(_ read: KeyRead, of key: ByteBuffer, isWrapped: Bool) {
        let key = key.readableBytesSpan
        // All else has fewer than 128 bytes.
        writeWithUnsafeMutableBytes(minimumWritableBytes: 2 * key.byteCount + 128) { memory in
            var end = 0
            if isWrapped { memory.put("*1\r\n$5\r\nMULTI\r\n", at: &end) }
            memory.put(read.commandUpToKey, at: &end)
            let start = end
            memory.put(bulk: key, at: &end)
            let encodedKey = start..<end
            memory.put("*2\r\n$4\r\nPTTL\r\n", at: &end)
            memory.put(UnsafeRawBufferPointer(rebasing: memory[encodedKey]), at: &end)
            if isWrapped { memory.put("*1\r\n$4\r\nEXEC\r\n", at: &end) }
            return end
        }
    }
}
