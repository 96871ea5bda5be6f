/// The options as the README's table.
enum OptionMarkdown {
    static func render(_ sections: [OptionTable.Section] = OptionTable.sections) -> String {
        var lines = [
            "| variable | flag | default | allowed | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        for section in sections {
            lines.append("| **\(section.title)** | | | | |")
            for option in section.options {
                let cells = [
                    "`\(option.environment)`", "`\(option.flag)`", option.shownDefault, option.allowed, option.help,
                ]
                lines.append("| " + cells.map(escape).joined(separator: " | ") + " |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A bar would end the cell.
    private static func escape(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
