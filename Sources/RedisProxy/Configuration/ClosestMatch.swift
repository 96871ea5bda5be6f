/// Finds what somebody who mistyped may have meant.
enum ClosestMatch {
    /// The candidate that is fewest edits away, if that is few enough to be a slip.
    static func find(_ text: String, in candidates: some Sequence<String>) -> String? {
        let limit = max(2, text.count / 4)
        return
            candidates
            .map { (candidate: $0, distance: distance(text, $0)) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?
            .candidate
    }

    /// Levenshtein's: how many characters to insert, delete or replace.
    static func distance(_ first: String, _ second: String) -> Int {
        // Nobody mistypes a flag into something much longer; the bound keeps the work small whatever is given.
        let first = Array(first.prefix(100))
        let second = Array(second.prefix(100))
        var previous = Array(0...second.count)
        for (row, character) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[second.count]
    }
}
