/// Fences to be lowered together. Nearly always it is one at most, so the first takes no allocation.
struct Fences: Sendable {
    let first: WriteEffect
    let others: [WriteEffect]

    init(_ first: WriteEffect, _ others: [WriteEffect] = []) {
        self.first = first
        self.others = others
    }

    static var none: Fences { Fences(.none) }

    func forEach(_ body: (WriteEffect) -> Void) {
        if !first.isNone { body(first) }
        for fence in others { body(fence) }
    }
}
