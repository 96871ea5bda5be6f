import NIOHTTP1
import RESPProxy

/// What the admin server is asked for.
enum AdminRequest: Equatable {
    case health
    case readiness
    case metrics
    case unknownPath
    case wrongMethod

    /// - Parameter target: As it stands in the request line; a query is ignored.
    init(method: HTTPMethod, target: String) {
        let path = target.prefix { $0 != "?" }
        let request: AdminRequest? =
            switch path {
            case "/healthz": .health
            case "/readyz": .readiness
            case "/metrics": .metrics
            default: nil
            }
        guard let request else {
            self = .unknownPath
            return
        }
        self = method == .GET || method == .HEAD ? request : .wrongMethod
    }
}

/// What the admin server answers.
struct AdminResponse: Sendable, Equatable {
    var status: HTTPResponseStatus
    var contentType = "text/plain; charset=utf-8"
    var body: String
    /// The connection ends with this response.
    var closes = false
}

/// Whether clients can be served: what `/readyz` answers.
struct Readiness: Sendable, Equatable {
    /// Whether the backing answers.
    var isBackingUp: Bool
    var coherence: Coherence.Mode

    var response: AdminResponse {
        AdminResponse(
            status: isBackingUp ? .ok : .serviceUnavailable, contentType: "application/json",
            body: "{\"backing\":\"\(isBackingUp ? "up" : "down")\",\"coherence\":\"\(coherence.rawValue)\"}\n")
    }
}
