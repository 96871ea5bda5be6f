/// Where in its aggregates the frame in hand stands: for each level, how many elements are still to come.
struct FrameNesting: Sendable {
    private struct Level {
        /// Elements still to come, the one in hand included; negative: streamed, until `.` comes.
        var remaining: Int
        /// What fills the level is an attribute, with which no element of the level above ends.
        var isAttribute: Bool
        /// The level is a map.
        var isMap: Bool
        /// The level is a streamed map, and of the pair in hand the key has ended.
        var isInsidePair = false
    }

    /// Levels entered and not left.
    private(set) var depth = 0
    /// The innermost level; without meaning at depth 0.
    private var level = Level(remaining: 0, isAttribute: false, isMap: false)
    /// The levels around it. Empty up to depth 1, so that flat replies allocate nothing.
    private var outer: [Level] = []

    /// What stands in hand after an element ended.
    enum Position {
        /// The level goes on with its next element.
        case betweenElements
        /// An attribute ended: what it belongs to follows.
        case behindAttribute
        /// The top-level frame has ended.
        case frameEnd
    }

    /// True when the innermost level is streamed and `.` may end it: a map has as many values as keys.
    var mayStreamEnd: Bool { depth > 0 && level.remaining < 0 && !level.isInsidePair }

    /// Goes one level down, into an aggregate of `count` elements, at least one; nil: streamed.
    @inline(__always)
    mutating func enter(count: Int?, isAttribute: Bool, isMap: Bool) {
        if depth > 0 { outer.append(level) }
        level = Level(remaining: count ?? -1, isAttribute: isAttribute, isMap: isMap)
        depth += 1
    }

    /// Notes that the element in hand has ended, and with it every level whose last it was.
    @inline(__always)
    mutating func elementEnded() -> Position {
        while depth > 0 {
            if level.remaining < 0 {
                if level.isMap { level.isInsidePair.toggle() }
                return .betweenElements
            }
            level.remaining -= 1
            if level.remaining > 0 { return .betweenElements }
            if leave() { return .behindAttribute }
        }
        return .frameEnd
    }

    /// Notes that the innermost level, a streamed one, has ended.
    mutating func streamEnded() -> Position {
        leave() ? .behindAttribute : elementEnded()
    }

    /// Goes one level up; true when it was an attribute that was left.
    private mutating func leave() -> Bool {
        let wasAttribute = level.isAttribute
        depth -= 1
        if let parent = outer.popLast() { level = parent }
        return wasAttribute
    }
}
