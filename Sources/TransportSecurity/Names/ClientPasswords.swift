import Synchronization

/// The passwords by which those whom certificates name are logged in at the server: of a file that is read again when it has changed.
///
/// Each of its lines is a name, one blank, and the password, which goes on to the end of the line. Empty lines, and those that begin with `#`,
/// mean nothing. No description shows a password.
public final class ClientPasswords: Sendable {
    private struct State {
        var bytes: [UInt8]
        var passwords: [[UInt8]: [UInt8]]
        /// The last content that could not be used, so that it is complained of once.
        var refused: [UInt8]?
    }

    private let file: TLSFile
    private let state: Mutex<State>

    /// Reads the file for the first time.
    ///
    /// - Throws: ``TLSMaterialError`` where it cannot be read, or a line is none of its kind.
    public init(_ file: TLSFile) throws(TLSMaterialError) {
        self.file = file
        let bytes = try file.content()
        self.state = Mutex(State(bytes: bytes, passwords: try Self.parse(bytes, of: file)))
    }

    /// The password of a user; nil where the file has none.
    public func password(of name: [UInt8]) -> [UInt8]? { self.state.withLock { $0.passwords[name] } }

    /// Looks at the file, and uses what is in it from now on where that has changed and can be used. Does not belong on an event loop.
    public func reload() -> FileReload {
        do throws(TLSMaterialError) {
            let bytes = try self.file.content()
            guard !self.state.withLock({ $0.bytes == bytes || $0.refused == bytes }) else { return .unchanged }
            do throws(TLSMaterialError) {
                let passwords = try Self.parse(bytes, of: self.file)
                self.state.withLock { $0 = State(bytes: bytes, passwords: passwords) }
                return .changed
            } catch {
                self.state.withLock { $0.refused = bytes }
                return .refused(error)
            }
        } catch {
            return .refused(error)
        }
    }

    private static func parse(_ bytes: [UInt8], of file: TLSFile) throws(TLSMaterialError) -> [[UInt8]: [UInt8]] {
        var passwords: [[UInt8]: [UInt8]] = [:]
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            func fault(_ reason: String) -> TLSMaterialError {
                TLSMaterialError(file, "line \(index + 1) of \(file.path) \(reason)")
            }
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard !line.isEmpty, line.first != UInt8(ascii: "#") else { continue }
            let name = Array(line.prefix { $0 != UInt8(ascii: " ") })
            let password = Array(line.dropFirst(name.count + 1))
            guard !name.isEmpty, !password.isEmpty else { throw fault("is not a name, a blank and a password") }
            guard name.allSatisfy(CertificateName.mayName) else { throw fault("has a name with a control character") }
            guard passwords.updateValue(password, forKey: name) == nil else {
                throw fault("has a name that an earlier line has")
            }
        }
        // As it is while somebody writes it anew.
        guard !passwords.isEmpty else { throw TLSMaterialError(file, "\(file.path) names nobody") }
        return passwords
    }
}
