import NIOCore
import NIOSSL
import Synchronization

/// Makes the TLS context from its files, and makes it anew when they have changed. Each new connection takes the context of the moment;
/// those that stand are not touched.
public final class TLSContextSource: Sendable {
    private struct State {
        var contents: TLSFiles.Contents
        var context: NIOSSLContext
        var expiry: Int?
        /// The last contents that could not be used, so that they are complained of once.
        var refused: TLSFiles.Contents?
    }

    private let files: TLSFiles
    private let base: TLSConfiguration
    private let state: Mutex<State>

    /// Reads the files for the first time.
    ///
    /// - Parameters:
    ///   - base: the configuration, to which what is in the files is added.
    /// - Throws: ``TLSMaterialError`` where they cannot be read or do not fit together.
    public init(_ files: TLSFiles, base: TLSConfiguration) throws(TLSMaterialError) {
        self.files = files
        self.base = base
        let contents = try files.read()
        let (context, expiry) = try Self.make(contents, files, base)
        self.state = Mutex(State(contents: contents, context: context, expiry: expiry))
    }

    /// What a new connection is to use.
    public var context: NIOSSLContext { self.state.withLock { $0.context } }

    /// When the certificate that we show ends, in seconds since 1970; nil: we show none.
    public var expiry: Int? { self.state.withLock { $0.expiry } }

    /// Looks at the files, and uses what is in them from now on where that has changed and can be used. Reads files and parses
    /// certificates, so it does not belong on an event loop.
    ///
    /// - Parameter now: seconds since 1970; a certificate that has ended by then is refused.
    public func reload(now: Int) -> FileReload {
        let contents: TLSFiles.Contents
        do throws(TLSMaterialError) {
            contents = try self.files.read()
        } catch {
            return .refused(error)
        }
        let isKnown = self.state.withLock { $0.contents == contents || $0.refused == contents }
        guard !isKnown else { return .unchanged }
        do throws(TLSMaterialError) {
            let (context, expiry) = try Self.make(contents, self.files, self.base)
            if let expiry, expiry < now, let identity = self.files.identity {
                throw TLSMaterialError(
                    identity.certificate, "the certificate in \(identity.certificate.path) has expired")
            }
            self.state.withLock { $0 = State(contents: contents, context: context, expiry: expiry) }
            return .changed
        } catch {
            self.state.withLock { $0.refused = contents }
            return .refused(error)
        }
    }

    private static func make(
        _ contents: TLSFiles.Contents, _ files: TLSFiles, _ base: TLSConfiguration
    ) throws(TLSMaterialError) -> (context: NIOSSLContext, expiry: Int?) {
        var configuration = base
        var expiry: Int?
        if let identityFiles = files.identity {
            let identity = try TLSIdentity(
                certificate: contents.certificate, key: contents.key, password: contents.password, files: identityFiles)
            configuration.certificateChain = identity.chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(identity.key)
            expiry = identity.chain.first.map { Int($0.notValidAfter) }
        }
        if let file = files.authorities {
            var authorities: [NIOSSLCertificate] = []
            for bytes in contents.authorities { authorities += try TLSIdentity.certificates(in: bytes, of: file) }
            guard !authorities.isEmpty else {
                throw TLSMaterialError(file, "\(file.path) holds no file of certificates in PEM form")
            }
            configuration.trustRoots = .certificates(authorities)
        }
        do {
            return (try NIOSSLContext(configuration: configuration), expiry)
        } catch {
            guard let identity = files.identity else { throw TLSMaterialError("TLS cannot be set up: \(error)") }
            // Both parse; what is left is that they are not of each other.
            throw TLSMaterialError(
                identity.key,
                "the key in \(identity.key.path) is not that of the certificate in \(identity.certificate.path)")
        }
    }
}
