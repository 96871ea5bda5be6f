/// Which options mend it that the server refuses the proxy itself, for a log line: who reads only the server's words looks for the fault
/// in the clients.
enum LogInAdvice {
    /// What to put behind the server's own text, without the leading `-`; empty where it is another refusal.
    static func following(_ text: [UInt8]) -> String {
        if text.starts(with: "WRONGPASS".utf8) {
            return " The proxy logs in with REDIS_USERNAME and REDIS_PASSWORD (or REDIS_PASSWORD_FILE, or REDIS_URL)."
        }
        if text.starts(with: "NOAUTH".utf8) {
            return
                " The proxy has no password to log in with: REDIS_PASSWORD, REDIS_PASSWORD_FILE or REDIS_URL tells it."
        }
        return ""
    }
}
