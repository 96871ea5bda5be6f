/// Fences to be lowered together. Nearly always it is one at most: then no array is made, copied or counted.
enum Fences: Sendable {
    case none
    case one(WriteEffect)
    case several(WriteEffect, [WriteEffect])

    init(_ only: WriteEffect) { self = only.isNone ? .none : .one(only) }

    init(_ first: WriteEffect, _ others: [WriteEffect]) {
        self = others.isEmpty ? Fences(first) : .several(first, others)
    }

    @inline(__always)
    func forEach(_ body: (WriteEffect) -> Void) {
        switch self {
        case .none: break
        case .one(let fence): body(fence)
        case .several(let first, let others):
            if !first.isNone { body(first) }
            for fence in others { body(fence) }
        }
    }
}
