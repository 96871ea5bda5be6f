/// A helper of the tests could not do what it was asked for.
public struct TestSupportError: Error, CustomStringConvertible {
    /// What went wrong, readable in a test report.
    public let description: String

    /// Makes an error with the text given.
    public init(_ description: String) {
        self.description = description
    }
}
