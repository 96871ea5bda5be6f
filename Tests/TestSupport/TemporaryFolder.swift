import Foundation

/// A folder that is removed when this object goes away.
public final class TemporaryFolder: Sendable {
    private let root: String

    /// Makes the folder. The name is short because the path of a Unix socket may have only 107 bytes.
    public init() throws {
        var template = Array("/tmp/redis-proxy-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestSupportError("cannot make a folder in /tmp") }
        // The proxy's user may go through, but not look around.
        if UnprivilegedUser.isNeeded { chmod(template, 0o711) }
        self.root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.root)
    }

    /// The path of a file in the folder.
    public func path(_ name: String) -> String { "\(self.root)/\(name)" }

    /// What a file in the folder holds; empty where there is none.
    public func contents(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: self.path(name)).map { [UInt8]($0) } ?? []
    }

    /// Writes a file into the folder and returns its path.
    public func write(_ name: String, _ text: String) throws -> String {
        try self.write(name, Data(text.utf8))
    }

    /// Writes a file of bytes into the folder and returns its path.
    public func write(_ name: String, _ bytes: Data) throws -> String {
        try bytes.write(to: URL(fileURLWithPath: self.path(name)))
        return self.path(name)
    }
}
