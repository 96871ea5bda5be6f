import Foundation

/// The functions of OpenSSL that the tests' connections need, from the library that `curl` and `redis-cli` bring.
///
/// It is loaded when it is first needed: so nothing more is needed to build the tests, and what the proxy is tried with is another implementation
/// of TLS than its own.
struct OpenSSL: Sendable {
    typealias Context = OpaquePointer
    typealias Session = OpaquePointer

    static let shared = Result<OpenSSL, any Error> { try OpenSSL() }

    let clientMethod: @convention(c) () -> OpaquePointer?
    let serverMethod: @convention(c) () -> OpaquePointer?
    let newContext: @convention(c) (OpaquePointer?) -> Context?
    let controlContext: @convention(c) (Context, CInt, CLong, UnsafeMutableRawPointer?) -> CLong
    let loadAuthorities: @convention(c) (Context, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> CInt
    let setVerification: @convention(c) (Context, CInt, OpaquePointer?) -> Void
    let useCertificate: @convention(c) (Context, UnsafePointer<CChar>) -> CInt
    let useKey: @convention(c) (Context, UnsafePointer<CChar>, CInt) -> CInt
    let newSession: @convention(c) (Context) -> Session?
    let freeSession: @convention(c) (Session) -> Void
    let setDescriptor: @convention(c) (Session, CInt) -> CInt
    let connect: @convention(c) (Session) -> CInt
    let accept: @convention(c) (Session) -> CInt
    let read: @convention(c) (Session, UnsafeMutableRawPointer, CInt) -> CInt
    let write: @convention(c) (Session, UnsafeRawPointer, CInt) -> CInt
    let shutdown: @convention(c) (Session) -> CInt
    let error: @convention(c) (Session, CInt) -> CInt
    let clearErrors: @convention(c) () -> Void
    let nextError: @convention(c) () -> CUnsignedLong
    let describeError: @convention(c) (CUnsignedLong, UnsafeMutablePointer<CChar>, Int) -> Void

    private init() throws {
        guard let library = dlopen("libssl.so.3", RTLD_NOW) else {
            throw TestSupportError("OpenSSL 3 is not installed: \(dlerror().map { String(cString: $0) } ?? "")")
        }
        func function<Function>(_ name: String) throws -> Function {
            guard let address = dlsym(library, name) else { throw TestSupportError("OpenSSL has no \(name)") }
            return unsafeBitCast(address, to: Function.self)
        }
        self.clientMethod = try function("TLS_client_method")
        self.serverMethod = try function("TLS_server_method")
        self.newContext = try function("SSL_CTX_new")
        self.controlContext = try function("SSL_CTX_ctrl")
        self.loadAuthorities = try function("SSL_CTX_load_verify_locations")
        self.setVerification = try function("SSL_CTX_set_verify")
        self.useCertificate = try function("SSL_CTX_use_certificate_chain_file")
        self.useKey = try function("SSL_CTX_use_PrivateKey_file")
        self.newSession = try function("SSL_new")
        self.freeSession = try function("SSL_free")
        self.setDescriptor = try function("SSL_set_fd")
        self.connect = try function("SSL_connect")
        self.accept = try function("SSL_accept")
        self.read = try function("SSL_read")
        self.write = try function("SSL_write")
        self.shutdown = try function("SSL_shutdown")
        self.error = try function("SSL_get_error")
        self.clearErrors = try function("ERR_clear_error")
        self.nextError = try function("ERR_get_error")
        self.describeError = try function("ERR_error_string_n")
    }

    /// What went wrong last on this thread.
    func lastError() -> String {
        var text = [CChar](repeating: 0, count: 256)
        self.describeError(self.nextError(), &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
