/// What is left of a reply when its values are taken out: its types and its structure.
///
/// Errors keep their texts, since none of those differs by nature.
func shape(of reply: [UInt8], _ comparison: ReplyException.Comparison) -> String {
    var lines = String(decoding: reply, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        .makeIterator()
    func next() -> String {
        guard let line = lines.next(), let type = line.first else { return "?" }
        let count = Int(line.dropFirst()) ?? -1
        switch type {
        case "-": return String(line)
        case "*", "~", ">", "%":
            guard comparison == .shape else { return String(line) }
            let elements = max(0, type == "%" ? 2 * count : count)
            return "\(line)(" + (0..<elements).map { _ in next() }.joined() + ")"
        case "$", "=":
            guard count >= 0, comparison == .shape else { return String(type) }
            var left = count
            while left >= 0, let text = lines.next() { left -= text.utf8.count + 2 }
            return String(type)
        default: return String(type)
        }
    }
    return next()
}
