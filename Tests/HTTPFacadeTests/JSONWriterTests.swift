import NIOCore
import Testing

@testable import HTTPFacade

@Suite("JSON")
struct JSONWriterTests {
    private func document(key: [UInt8], value: [UInt8]) -> String {
        var document = ByteBuffer(string: "what was there before")
        ValueDocument.encode(key: ByteBuffer(bytes: key), value: ByteBuffer(bytes: value), into: &document)
        return String(decoding: document.readableBytesView, as: UTF8.self)
    }

    private func string(_ bytes: [UInt8]) -> String? {
        var buffer = ByteBuffer()
        guard bytes.withUnsafeBytes({ JSONWriter.writeString($0, into: &buffer) }) else {
            #expect(buffer.readableBytes == 0)
            return nil
        }
        return String(decoding: buffer.readableBytesView, as: UTF8.self)
    }

    @Test("text stands as it is")
    func plain() {
        #expect(
            document(key: Array("greeting".utf8), value: Array("hello".utf8)) == #"{"key":"greeting","value":"hello"}"#)
        #expect(document(key: [97], value: []) == #"{"key":"a","value":""}"#)
    }

    @Test("quotes, backslashes and control characters are escaped, wherever they stand", arguments: 0..<24)
    func escapes(offset: Int) {
        let padding = [UInt8](repeating: 0x7F, count: offset)
        let text = String(repeating: "\u{7F}", count: offset)
        for (byte, escape) in [
            (0x22, #"\""#), (0x5C, #"\\"#), (0x00, #"\u0000"#), (0x08, #"\b"#), (0x09, #"\t"#), (0x0A, #"\n"#),
            (0x0B, #"\u000b"#), (0x0C, #"\f"#), (0x0D, #"\r"#), (0x1F, #"\u001f"#), (0x20, " "), (0x21, "!"),
            (0x23, "#"),
            (0x5B, "["), (0x5D, "]"), (0x2F, "/"),
        ] as [(UInt8, String)] {
            #expect(string(padding + [byte] + padding) == "\"\(text)\(escape)\(text)\"")
            #expect(string(padding + [byte, byte]) == "\"\(text)\(escape)\(escape)\"")
            #expect(string(padding + [0xC3, 0xA9, byte] + padding) == "\"\(text)é\(escape)\(text)\"")
        }
    }

    @Test("every control character is escaped, every other character is not")
    func range() {
        for byte in UInt8(0)..<0x80 where byte != 0x22 && byte != 0x5C {
            let isEscaped = string([byte])?.hasPrefix(#""\"#)
            #expect(isEscaped == (byte < 0x20))
        }
    }

    @Test(
        "characters of every length stand as they are",
        arguments: ["é", "€", "😀", "\u{10FFFF}", "\u{800}", "\u{FFFF}", "a€\"😀\n", "\u{2028}"])
    func multibyte(text: String) {
        let escaped = text.replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        #expect(string(Array(text.utf8)) == "\"\(escaped)\"")
    }

    static let malformed: [[UInt8]] = [
        [0x80], [0xFF], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
        [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
        [0xF0, 0x9F, 0x98], [0xC3, 0xA9, 0xA9],
    ]

    @Test("what is not UTF-8 comes in base64 and says so, surrogates and overlong forms included", arguments: malformed)
    func base64(bytes: [UInt8]) {
        for offset in [0, 1, 7, 8, 9, 17] {
            let value = [UInt8](repeating: 97, count: offset) + bytes + [98]
            #expect(string(value) == nil)
            var encoded = ByteBuffer()
            value.withUnsafeBytes { Base64.encode($0, into: &encoded) }
            let text = String(buffer: encoded)
            #expect(Base64.decode(text.utf8) == value)
            #expect(document(key: [97], value: value) == #"{"key":"a","value":"\#(text)","encoding":"base64"}"#)
            #expect(
                document(key: value, value: [98]) == #"{"key":"\#(text)","keyEncoding":"base64","value":"b"}"#)
        }
    }

    @Test(
        "base64 is RFC 4648's",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, encoded: String) {
        var buffer = ByteBuffer()
        Array(plain.utf8).withUnsafeBytes { Base64.encode($0, into: &buffer) }
        #expect(String(buffer: buffer) == encoded)
        #expect(Base64.decode(encoded.utf8) == Array(plain.utf8))
        #expect(Base64.decode(encoded.prefix { $0 != "=" }.utf8) == Array(plain.utf8))
    }

    @Test(
        "what is not base64 is not guessed at",
        arguments: ["Z", "Zg=", "Zg===", "Z=g=", "Zh==", "Zm9=", "Zm9v=", "Zm 9v", "=", "Zm9-"])
    func notBase64(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}
