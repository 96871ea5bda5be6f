import TestSupport
import Testing

@testable import TransportSecurity

@Suite("the passwords of those whom certificates name")
struct ClientPasswordsTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.path = self.folder.path("passwords")
    }

    private func passwords(_ text: String) throws -> ClientPasswords {
        _ = try self.folder.write("passwords", text)
        return try ClientPasswords(TLSFile(path: self.path, option: "PASSWORDS"))
    }

    private func password(_ passwords: ClientPasswords, _ name: String) -> String? {
        passwords.password(of: Array(name.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a name, one blank, and all that follows on the line")
    func format() throws {
        let passwords = try self.passwords(
            "# who may come\n\nalice secret\r\nspiffe://example/bob  two  blanks \ncarol #hash\n#dave x\nerin p")
        #expect(self.password(passwords, "alice") == "secret")
        #expect(self.password(passwords, "spiffe://example/bob") == " two  blanks ")
        #expect(self.password(passwords, "carol") == "#hash")
        #expect(self.password(passwords, "dave") == nil)
        #expect(self.password(passwords, "erin") == "p")
        #expect(self.password(passwords, "") == nil)
    }

    @Test(
        "a line that is none of its kind is named by its number, and nothing of it is shown",
        arguments: [
            ("alice secret\nbob\n", "line 2"), ("alice \n", "line 1"), (" secret\n", "line 1"),
            ("alice secret\nalice secret\n", "line 2"), ("al\tice secret\n", "line 1"), ("# nobody\n", "names nobody"),
            ("", "names nobody"),
        ])
    func refused(text: String, what: String) throws {
        let error = #expect(throws: TLSMaterialError.self) { try self.passwords(text) }
        let description = try #require(error).description
        #expect(description.hasPrefix("PASSWORDS: ") && description.contains(what), "\(description)")
        #expect(!description.contains("secret") && !description.contains("alice") && !description.contains("bob"))
    }

    @Test("it is read again when it has changed; what cannot be used is said once, and the old stays")
    func reload() throws {
        let passwords = try self.passwords("alice first\n")
        #expect(passwords.reload() == .unchanged)
        _ = try self.folder.write("passwords", "alice second\n")
        #expect(passwords.reload() == .changed)
        #expect(self.password(passwords, "alice") == "second")
        _ = try self.folder.write("passwords", "alice\n")
        guard case .refused = passwords.reload() else {
            Issue.record("a line without a password was taken")
            return
        }
        #expect(passwords.reload() == .unchanged)
        #expect(self.password(passwords, "alice") == "second")
        _ = try self.folder.write("passwords", "bob third\n")
        #expect(passwords.reload() == .changed)
        #expect(self.password(passwords, "alice") == nil)
    }

    @Test("what cannot be read is an error, a folder too")
    func unreadable() throws {
        #expect(throws: TLSMaterialError.self) { try ClientPasswords(TLSFile(path: "/nosuch", option: "P")) }
        #expect(throws: TLSMaterialError.self) { try ClientPasswords(TLSFile(path: "/tmp", option: "P")) }
    }
}
