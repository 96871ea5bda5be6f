/// A command of a client's, as it lies at the beginning of what has come from it.
struct ParsedCommand {
    /// What goes to the server for it.
    enum Form {
        /// Its bytes, as they came.
        case asReceived
        /// It came as words on a line, and was encoded anew: the bytes of ``view``.
        case encoded
        /// A line that only the server can split: the bytes as they came, of which ``view`` has the name at most.
        case line
        /// The beginning of one that is too large to be kept: it is passed on as it comes.
        case beginning
    }

    let view: CommandView
    let form: Form
    /// How many bytes it takes of what has come.
    let length: Int
}
