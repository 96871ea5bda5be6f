/// The type bytes of replies.
enum FrameType {
    static let simpleString = UInt8(ascii: "+")
    static let error = UInt8(ascii: "-")
    static let integer = UInt8(ascii: ":")
    static let blob = UInt8(ascii: "$")
    static let array = UInt8(ascii: "*")
    static let null = UInt8(ascii: "_")
    static let boolean = UInt8(ascii: "#")
    static let double = UInt8(ascii: ",")
    static let bigNumber = UInt8(ascii: "(")
    static let blobError = UInt8(ascii: "!")
    static let verbatim = UInt8(ascii: "=")
    static let map = UInt8(ascii: "%")
    static let set = UInt8(ascii: "~")
    static let attribute = UInt8(ascii: "|")
    static let push = UInt8(ascii: ">")
    /// A piece of a streamed blob.
    static let chunk = UInt8(ascii: ";")
    /// The end of a streamed aggregate.
    static let end = UInt8(ascii: ".")

    /// Whether an element may begin with this byte.
    static func beginsElement(_ byte: UInt8) -> Bool {
        "+-:$*_#,(!=%~|>".utf8.contains(byte)
    }
}
