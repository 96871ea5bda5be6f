/// A password. Nothing that prints, interpolates or dumps it shows it; ``reveal()`` is the only way to it.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// - Parameter bytes: As Redis compares them; they need not be text.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ text: String) {
        self.init(Array(text.utf8))
    }

    func reveal() -> [UInt8] { bytes }

    var description: String { "***" }
    var debugDescription: String { "***" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
