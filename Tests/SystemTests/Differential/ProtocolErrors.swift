/// Bytes that are not commands, or that Redis treats specially, each sent on a connection of its own.
enum ProtocolErrors {
    private static let digits = String(repeating: "1", count: 70_000)
    private static let long = String(repeating: "a", count: 66_000)

    /// Those of a session that need not log in.
    static let all: [String] = [
        // Inline.
        "PING \"unbalanced\r\nPING\r\n", "PING 'unbalanced\r\n", "SET k \"a\"b\r\n",
        "PING\u{0}\r\nPING\r\n", "SET k HTTP/1.1\r\nGET k\r\n", "PING\r\nEXISTS /x HTTP/1.1\r\n", "\r\n\r\nPING\r\n",
        "*0\r\n*-1\r\n*-10\r\nPING\r\n",
        // Counts of arguments.
        "*abc\r\n", "*\r\n", "*+3\r\n", "*03\r\n", "* 1\r\n", "*12345678901234567890\r\n", "*2147483648\r\n",
        "*2147483647\r\n", "*1048577\r\n",
        // Lengths of arguments.
        "*1\r\nPING\r\n", "*1\r\n:4\r\n", "*1\r\n$-1\r\n", "*1\r\n$abc\r\n", "*1\r\n$\r\n", "*1\r\n$04\r\nPING\r\n",
        "*1\r\n$536870913\r\n", "*1\r\n$536870912\r\n",
        // What is not checked.
        "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "*1\rX$4\rXPING\r\nPING\r\n",
        // Protection against cross-protocol scripting.
        "POST / x\r\nPING\r\n", "hOsT: x\r\nPING\r\n", "*1\r\n$4\r\npost\r\nPING\r\n",
        "*2\r\n$5\r\nHost:\r\n$1\r\nx\r\nPING\r\n",
        // Unknown commands.
        "NOSUCH a \"b\\r\\nc\"\r\n", "NOSUCH \(Self.long.prefix(300)) b\r\n", "\(Self.long.prefix(300))\r\n",
        "GET k\r\nNOSUCH\r\nGET k\r\n",
    ]

    /// Lines without an end, which are errors once they are long enough. Where one ended, the server's answer would
    /// hang on how many bytes it read at once.
    static let endless: [String] = [Self.long, "*" + Self.digits, "*1\r\n$" + Self.digits]

    /// Commands before the error: answered; and one behind it: not run.
    static let prefix = "SET k v\r\nGET k\r\nGET k\r\n"
    static let suffix = "SET k changed\r\n"

    /// What a session may not send before it has logged in.
    static let beforeLogin: [String] = [
        "*11\r\n", "*10\r\n", "*1\r\n$16385\r\n", "*1\r\n$16384\r\n", "GET k\r\nAUTH wrong\r\nAUTH secret\r\nGET k\r\n",
        "AUTH secret\r\n*12\r\n$3\r\nDEL\r\n" + String(repeating: "$1\r\nk\r\n", count: 11),
        "HELLO 3\r\nHELLO 3 AUTH default secret\r\nRESET\r\nGET k\r\n",
    ]

    /// A session that logged out again: the limits of one that has not logged in hold again.
    static let afterLogout = "AUTH secret\r\nRESET\r\nGET k\r\n*11\r\n"
}
