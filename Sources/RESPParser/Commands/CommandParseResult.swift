/// What ``CommandParser/parse(_:)`` found at the start of the bytes.
public enum CommandParseResult: Equatable, Sendable {
    /// No whole command yet: call again with more bytes behind the same ones.
    case incomplete
    /// Something that Redis ignores (`*0`, `*-1`, an empty line), `length` bytes long.
    case nothing(length: Int)
    /// A multibulk command, `length` bytes long.
    case multibulk(length: Int)
    /// An inline command, `length` bytes long with its line end.
    case inline(length: Int)
    /// An inline command that servers split differently, or refuse: it is for the server to say. `length` bytes long with its line end.
    case line(length: Int)
}
