/// The files that one side's TLS is made from.
public struct TLSFiles: Hashable, Sendable {
    /// Who we are; nil: we show no certificate.
    public var identity: TLSIdentityFiles?
    /// The authorities that the other side's certificate must be by; nil: none is asked for.
    public var authorities: TLSFile?

    /// - Parameter authorities: a file of certificates in PEM form, or a folder of such files.
    public init(identity: TLSIdentityFiles? = nil, authorities: TLSFile? = nil) {
        self.identity = identity
        self.authorities = authorities
    }

    /// What is in the files now. Two contents that are equal make the same context.
    struct Contents: Equatable {
        var certificate: [UInt8] = []
        var key: [UInt8] = []
        var password: [UInt8]?
        var authorities: [[UInt8]] = []
    }

    /// - Throws: ``TLSMaterialError`` where a file cannot be read.
    func read() throws(TLSMaterialError) -> Contents {
        var contents = Contents()
        if let identity {
            contents.certificate = Array(try identity.certificate.contents().joined())
            contents.key = Array(try identity.key.contents().joined())
            if let password = identity.password {
                contents.password = FileContent.withoutLineEnd(Array(try password.contents().joined()))
            }
        }
        if let authorities { contents.authorities = try authorities.contents() }
        return contents
    }
}
