import Logging

/// The running proxy: everything put together.
struct ProxyProcess {
    let settings: Settings
    let logger: Logger

    /// Serves until a signal asks to stop.
    ///
    /// - Returns: The exit code.
    func run() async throws -> Int32 {
        0
    }
}
