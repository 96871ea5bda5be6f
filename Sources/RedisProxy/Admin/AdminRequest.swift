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

/// Whether the process does what it is for: what `/healthz` answers. A backing that is away is no reason to restart it.
struct Health: Sendable, Equatable {
    /// Whether a connection to each port for clients gets an answer, whatever it is.
    var portsAnswer: Bool

    var response: AdminResponse {
        portsAnswer
            ? AdminResponse(status: .ok, body: "ok\n")
            : AdminResponse(status: .serviceUnavailable, body: "clients get no answer\n")
    }
}

/// Whether clients can be served: what `/readyz` answers.
struct Readiness: Sendable, Equatable {
    /// Whether the backing answers.
    var isBackingUp: Bool
    /// Whether a connection to each port for clients gets an answer, whatever it is.
    var portsAnswer: Bool
    var coherence: Coherence.Mode
    /// Where Sentinels keep the backing: the primary, or nil while there is none.
    var primary: String??

    var response: AdminResponse {
        // Of letters, digits, dots, colons and brackets, as addresses are.
        let primary = primary.map { ",\"primary\":" + ($0.map { "\"\($0)\"" } ?? "null") } ?? ""
        return AdminResponse(
            status: isBackingUp && portsAnswer ? .ok : .serviceUnavailable, contentType: "application/json",
            body:
                "{\"backing\":\"\(isBackingUp ? "up" : "down")\",\"clients\":\"\(portsAnswer ? "answered" : "unanswered")\","
                + "\"coherence\":\"\(coherence.rawValue)\"\(primary)}\n")
    }
}
