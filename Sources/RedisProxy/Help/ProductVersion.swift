/// The version of redis-proxy.
enum ProductVersion {
    static let number = "0.1.0"
    /// For a person to read.
    static let line = "redis-proxy \(number)"
}
