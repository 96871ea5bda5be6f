import Foundation

/// What the tests of the documentation need of a page: its links, what can be linked to in it, and what it names as code.
struct MarkdownPage {
    /// The targets of links and pictures, as they are written, with the lines they stand on.
    let links: [(target: String, line: Int)]
    /// The anchors of its headings, as GitHub makes them.
    let anchors: Set<String>
    /// What stands between backticks in running text.
    let code: [(text: String, line: Int)]
    /// The lines of its blocks of code.
    let blocks: [(text: String, line: Int)]

    init(_ text: String) {
        var links: [(String, Int)] = []
        var code: [(String, Int)] = []
        var blocks: [(String, Int)] = []
        var anchors: Set<String> = []
        var isFenced = false
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            let number = index + 1
            if line.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced || line.hasPrefix("    ") {
                blocks.append((line.trimmingCharacters(in: .whitespaces), number))
            } else {
                code += line.matches(of: /`([^`]+)`/).map { (String($0.1), number) }
                let plain = line.replacing(/`[^`]*`/, with: "code")
                links += plain.matches(of: /\]\(([^()\s]+)\)/).map { (String($0.1), number) }
                if let heading = line.wholeMatch(of: /#{1,6} (.+)/) {
                    anchors.insert(Self.anchor(of: String(heading.1), taken: anchors))
                }
            }
        }
        (self.links, self.anchors, self.code, self.blocks) = (links, anchors, code, blocks)
    }

    /// Small letters, digits, `-` and `_` stay, blanks become `-`, everything else goes; the second of two is numbered.
    private static func anchor(of heading: String, taken: Set<String>) -> String {
        let text = heading.replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.1 }.lowercased()
        let anchor = String(
            text.compactMap { character in
                if character == " " { return "-" }
                return character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
            })
        guard taken.contains(anchor) else { return anchor }
        return (1...).lazy.map { "\(anchor)-\($0)" }.first { !taken.contains($0) } ?? anchor
    }
}
