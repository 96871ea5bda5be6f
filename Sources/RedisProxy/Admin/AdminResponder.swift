/// Answers the admin server's requests; knows neither sockets nor where the figures come from.
struct AdminResponder: Sendable {
    var health: @Sendable () async -> Health
    var readiness: @Sendable () async throws -> Readiness
    /// The page in Prometheus' text format.
    var metrics: @Sendable () async throws -> String

    func response(to request: AdminRequest) async -> AdminResponse {
        do {
            switch request {
            case .health:
                return await health().response
            case .readiness:
                return try await readiness().response
            case .metrics:
                return AdminResponse(
                    status: .ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: try await metrics())
            case .unknownPath:
                return AdminResponse(status: .notFound, body: "not found: try /healthz, /readyz or /metrics\n")
            case .wrongMethod:
                return AdminResponse(status: .methodNotAllowed, body: "method not allowed: use GET or HEAD\n")
            }
        } catch {
            return AdminResponse(status: .internalServerError, body: "the figures could not be gathered\n")
        }
    }
}
