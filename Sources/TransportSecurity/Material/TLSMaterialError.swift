/// Why certificates or a key cannot be used. The description names the option, and never shows a secret.
public struct TLSMaterialError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line: the option, the file, what is wrong with it.
    public let description: String

    /// An error with a text of its own, which is to name the option.
    public init(_ description: String) {
        self.description = description
    }
}
