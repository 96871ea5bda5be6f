import NIOCore

/// A parsed command as it lies in the session's buffer: the bytes, and where the arguments stand in them.
struct CommandView {
    /// Readable from the command's first byte on.
    let buffer: ByteBuffer
    /// The arguments received, counted from the command's first byte; the name is the first.
    let arguments: [Range<Int>]
    /// Arguments in the whole command; more than ``count`` while a large one is still being received.
    let announced: Int
    let name: CommandName?
    /// Whether it is framed to the letter. Where it is not, servers differ in how they read it, and some close the connection.
    let isFramedToTheLetter: Bool

    init(
        buffer: ByteBuffer, arguments: [Range<Int>], announced: Int? = nil, isFramedToTheLetter: Bool = true
    ) {
        self.buffer = buffer
        self.arguments = arguments
        self.isFramedToTheLetter = isFramedToTheLetter
        self.announced = max(announced ?? 0, arguments.count)
        self.name = arguments.first.flatMap { CommandName(buffer.readableBytesSpan.extracting($0)) }
    }

    var count: Int { arguments.count }
    var isComplete: Bool { announced == arguments.count }
    /// Whether every server reads it as this one command: only then may it share a connection with the commands of others.
    var isUnmistakable: Bool { isComplete && isFramedToTheLetter }

    /// An argument as a name, for subcommands and options such as `ON` or `SETNAME`.
    func word(_ index: Int) -> CommandName? {
        index < count ? CommandName(buffer.readableBytesSpan.extracting(arguments[index])) : nil
    }

    /// An argument's bytes, copied.
    func copy(_ index: Int) -> [UInt8] {
        let range = arguments[index]
        return buffer.getBytes(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? []
    }

    /// An argument as a number, as Redis reads one: digits only, with an optional minus.
    func integer(_ index: Int) -> Int? {
        guard index < count else { return nil }
        let text = copy(index)
        guard text.first != UInt8(ascii: "+") else { return nil }
        return Int(String(decoding: text, as: UTF8.self))
    }
}
