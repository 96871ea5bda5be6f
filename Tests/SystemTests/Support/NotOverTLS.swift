import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// The test means nothing where the whole run is over TLS (``TLSRun``).
    static func notOverTLS(_ reason: String) -> Self { .disabled(if: TLSRun.isOn, "not over TLS: \(reason)") }
}
