/// Reads single fields of the reply to `INFO`.
enum ServerInfo {
    /// What stands behind `name:`; nil where there is no such line.
    static func field(_ name: StaticString, in info: some Sequence<UInt8>) -> [UInt8]? {
        let prefix = name.withUTF8Buffer { Array($0) } + [UInt8(ascii: ":")]
        for line in Array(info).split(separator: UInt8(ascii: "\n")) where line.starts(with: prefix) {
            let value = line.dropFirst(prefix.count)
            return Array(value.last == UInt8(ascii: "\r") ? value.dropLast() : value)
        }
        return nil
    }
}
