#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file, or a folder of files, and the option by which the user named it.
public struct TLSFile: Hashable, Sendable {
    /// Where it is.
    public var path: String
    /// What errors name.
    public var option: String

    /// - Parameter option: As the user gave it: a variable or a flag.
    public init(path: String, option: String) {
        self.path = path
        self.option = option
    }

    /// More than any bundle of certificates.
    private static let sizeLimit = 16 << 20

    /// The content of the file, or of the files of the folder, in the order of their names.
    ///
    /// - Throws: ``TLSMaterialError`` where something cannot be read.
    func contents() throws(TLSMaterialError) -> [[UInt8]] {
        guard let names = self.namesInFolder() else { return [try self.content(path: self.path)] }
        var contents: [[UInt8]] = []
        for name in names { contents.append(try self.content(path: "\(self.path)/\(name)")) }
        return contents
    }

    /// The content of the file; a folder is none.
    ///
    /// - Throws: ``TLSMaterialError`` where it cannot be read.
    func content() throws(TLSMaterialError) -> [UInt8] { try self.content(path: self.path) }

    /// nil: it is no folder.
    private func namesInFolder() -> [String]? {
        guard let folder = opendir(self.path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let isFile = entry.pointee.d_type == UInt8(DT_REG) || entry.pointee.d_type == UInt8(DT_LNK)
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if isFile, Self.certificateEndings.contains(where: name.hasSuffix) { names.append(name) }
        }
        return names.sorted()
    }

    /// `.0` ends the names that `openssl rehash` makes.
    private static let certificateEndings = [".pem", ".crt", ".cer", ".0"]

    private func content(path: String) throws(TLSMaterialError) -> [UInt8] {
        do {
            return try FileContent.load(path: path, limit: Self.sizeLimit)
        } catch {
            throw TLSMaterialError(self, "\(path) \(error.reason)")
        }
    }
}

extension TLSMaterialError {
    init(_ file: TLSFile, _ reason: String) {
        self.init("\(file.option): \(reason)")
    }
}
