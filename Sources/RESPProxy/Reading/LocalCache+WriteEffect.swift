import LocalCache

/// Fences: what a relayed write may change is not cached from when it is forwarded until its reply has arrived.
extension LocalCache {
    func raiseFence(_ effect: WriteEffect) {
        switch effect {
        // The server tells of them, and so they void what is being fetched.
        case .none, .unknownKeys: break
        case .key(let key): raiseFence(key.span.bytes)
        case .severalKeys(let keys): for key in keys { raiseFence(key.span.bytes) }
        case .everything: raiseFenceForAllKeys()
        }
    }

    func lowerFence(_ effect: WriteEffect) {
        switch effect {
        case .none, .unknownKeys: break
        case .key(let key): lowerFence(key.span.bytes)
        case .severalKeys(let keys): for key in keys { lowerFence(key.span.bytes) }
        case .everything: lowerFenceForAllKeys()
        }
    }
}
