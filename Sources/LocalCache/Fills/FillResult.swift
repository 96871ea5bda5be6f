/// How a fill ended.
public enum FillResult<Value: Sendable>: Sendable {
    /// With something to store.
    case value(Fill<Value>)
    /// With an answer that is not stored (no such key, a value beside a passed TTL): what was known before is over.
    case nothing
    /// Without an answer: what was known before stays as it is.
    case failed
}
