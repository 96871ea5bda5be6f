/// The options as docs/configuration.md lists them.
enum OptionMarkdown {
    static func render(_ sections: [OptionTable.Section] = OptionTable.sections) -> String {
        let names = Set(sections.flatMap(\.options).map(\.environment))
        var lines: [String] = []
        for section in sections {
            lines += ["## \(section.title)", ""]
            for option in section.options {
                lines += [
                    "### \(option.environment)",
                    "",
                    linked(option.help, names: names),
                    "",
                    "- Flag: `\(option.flag)`",
                    "- Default: \(option.shownDefault)",
                    "- Allowed: \(option.allowed)",
                    "",
                ]
            }
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }

    /// `text` with the names of options as links to where the page describes them.
    private static func linked(_ text: String, names: Set<String>) -> String {
        var result = ""
        var rest = Substring(text)
        while let first = rest.first {
            // A run of what names are made of, or of what they are not.
            let isName = isNameCharacter(first)
            let run = rest.prefix { isNameCharacter($0) == isName }
            result += names.contains(String(run)) ? "[`\(run)`](#\(run.lowercased()))" : run
            rest = rest[run.endIndex...]
        }
        return result
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character == "_" || character.isLetter || character.isNumber
    }
}
