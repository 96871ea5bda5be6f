/// Exit codes, after sysexits.h where it has one.
enum ExitCode {
    static let success: Int32 = 0
    static let failure: Int32 = 1
    /// `EX_USAGE`: the configuration is wrong.
    static let usage: Int32 = 64
}
