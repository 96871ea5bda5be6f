import Foundation
import TestSupport

/// A file of `deploy/`, with what belongs to one machine (ports, paths) put in other terms.
struct DeployedFile {
    private(set) var text: String

    init(_ name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        self.text = try String(contentsOf: root.appendingPathComponent("deploy/\(name)"), encoding: .utf8)
    }

    /// Puts `new` wherever `old` stands; a file that does not have it is another one than the test is for.
    mutating func replace(_ old: String, with new: String) throws {
        guard self.text.contains(old) else { throw TestSupportError("'\(old)' is not in the file") }
        self.text = self.text.replacingOccurrences(of: old, with: new)
    }
}
