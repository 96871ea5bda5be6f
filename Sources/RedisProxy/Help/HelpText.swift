/// What `--help` prints.
enum HelpText {
    static func render(_ sections: [OptionTable.Section] = OptionTable.sections) -> String {
        var lines = [
            "\(ProductVersion.line): a transparent caching proxy for Redis.",
            "Answers GET from a local LRU cache, relays every other command, and serves the same values over HTTP.",
            "",
            "Usage: redis-proxy [--flag VALUE | --flag=VALUE]…",
            "",
            "  --help, -h                 shows this",
            "  --version                  shows the version",
            "  --health                   asks /healthz of the proxy that runs on ADMIN_HOST and ADMIN_PORT;",
            "                             exits 0 if it answers, 1 if not",
            "  --print-options-markdown   shows the options as docs/configuration.md lists them",
            "",
            "Every option is a flag and an environment variable. The flag goes before the variable, the variable",
            "before the default; an empty variable counts as unset.",
        ]
        for section in sections {
            lines += ["", "\(section.title):"]
            for option in section.options {
                let plainDefault = option.shownDefault.filter { $0 != "`" }
                lines.append("  \(option.flag) \(option.placeholder)")
                lines.append("      \(option.environment), default: \(plainDefault)")
                lines += wrap(option.help, width: 92).map { "      \($0)" }
                lines += wrap("Allowed: \(option.allowed).", width: 92).map { "      \($0)" }
            }
        }
        lines += ["", "Exit codes: 0 stopped as asked, 1 could not start or failed, 64 wrong configuration."]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Breaks a text into lines of at most `width` characters, between words.
    static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty && line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? "\(word)" : " \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
