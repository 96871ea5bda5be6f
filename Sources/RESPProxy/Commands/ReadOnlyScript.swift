/// Scripts that say of themselves that they write nothing (`#!lua flags=no-writes`): the server refuses them what writes.
///
/// Whoever does not know the first line, before Redis 7, does not run the script. Of a function nothing like it can be known: it may be
/// another by the time that it is called, and nobody is told.
enum ReadOnlyScript {
    private static let beginning = Array("#!lua flags=".utf8)
    private static let flag = Array("no-writes".utf8)
    /// No more is looked at: all flags that there are take less.
    private static let longest = 256

    /// Whether that command is `EVAL` with such a script.
    static func isRun(by command: CommandView, _ description: CommandDescription) -> Bool {
        guard command.name == "eval", description.categories.contains(.scripting), command.count > 1 else {
            return false
        }
        let script = command.arguments[1]
        let start = command.buffer.readerIndex + script.lowerBound
        guard let head = command.buffer.getBytes(at: start, length: min(script.count, longest)) else { return false }
        return saysSo(head)
    }

    /// Anything but the plain form, which has one meaning on every server, counts as none.
    private static func saysSo(_ head: [UInt8]) -> Bool {
        guard head.starts(with: beginning), let end = head.firstIndex(of: UInt8(ascii: "\n")) else { return false }
        let flags = head[beginning.count..<end]
        let isPlain = flags.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ",")
        }
        return isPlain && flags.split(separator: UInt8(ascii: ",")).contains { $0.elementsEqual(flag) }
    }
}
