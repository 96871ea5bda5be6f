import NIOCore

/// The JSON form of a value.
enum ValueDocument {
    /// `{"key":…,"value":…}`, in place of what `document` held before.
    ///
    /// A value that is not UTF-8 comes in base64 with `"encoding":"base64"`, and such a key with `"keyEncoding":"base64"`.
    static func encode(key: ByteBuffer, value: ByteBuffer, into document: inout ByteBuffer) {
        document.clear(minimumCapacity: key.readableBytes + value.readableBytes + 32)
        document.writeStaticString("{\"key\":")
        key.withUnsafeReadableBytes { key in
            if !JSONWriter.writeString(key, into: &document) {
                JSONWriter.writeBase64(key, into: &document)
                document.writeStaticString(",\"keyEncoding\":\"base64\"")
            }
        }
        document.writeStaticString(",\"value\":")
        value.withUnsafeReadableBytes { value in
            if !JSONWriter.writeString(value, into: &document) {
                JSONWriter.writeBase64(value, into: &document)
                document.writeStaticString(",\"encoding\":\"base64\"")
            }
        }
        document.writeStaticString("}")
    }
}
