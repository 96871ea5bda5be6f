/// Which node of a cluster owns each slot, by all that its nodes have said so far.
///
/// Nodes hear of changes at different times, and one that was stopped wakes up with what it knew before. So of all answers ever seen the highest
/// config epoch counts for a slot. Where two claim it under one epoch, the one that has it and the one that is to get it are believed, and nobody else, until
/// the cluster gives one of them another epoch.
public struct SlotMap: Sendable {
    /// Slots that have changed hands.
    public struct Change: Equatable, Sendable {
        /// By their numbers.
        public var slots: ClosedRange<Int>
        /// Who had them; nil: nobody, as far as was known.
        public var from: ClusterNodeID?
        /// Who has them.
        public var to: ClusterNodeID
    }

    private struct Claim {
        var owner: ClusterNodeID
        var configEpoch: UInt64
        /// How many owners the slot has had.
        var era: UInt64
    }

    private var claims = [Claim?](repeating: nil, count: HashSlot.count)

    /// Nothing is known.
    public init() {}

    /// Who owns a slot; nil: nobody, as far as is known.
    public func owner(of slot: HashSlot) -> ClusterNodeID? { claims[slot.number]?.owner }

    /// Counts the owners that a slot has had. What was learned of its keys under another count may not be true any more, also where the slot has come
    /// back.
    public func era(of slot: HashSlot) -> UInt64 { claims[slot.number]?.era ?? 0 }

    /// Who owns any.
    var owners: Set<ClusterNodeID> { Set(claims.lazy.compactMap { $0?.owner }) }

    /// Slots of which an owner is known.
    public var count: Int { claims.count { $0 != nil } }

    /// A node has answered.
    ///
    /// - Returns: What has changed by it, in the order of the slots.
    public mutating func take(_ answer: ClusterNodesAnswer) -> [Change] {
        var changes: [Change] = []
        for (node, slots) in answer.nodes.flatMap({ node in node.slots.map { (node, $0) } })
            .sorted(by: { $0.1.lowerBound < $1.1.lowerBound })
        {
            for slot in slots { take(slot, node, by: answer.myself?.id, into: &changes) }
        }
        return changes
    }

    private mutating func take(
        _ slot: Int, _ node: ClusterNode, by witness: ClusterNodeID?, into changes: inout [Change]
    ) {
        guard let claim = claims[slot] else {
            claims[slot] = Claim(owner: node.id, configEpoch: node.configEpoch, era: 1)
            return add(slot, from: nil, to: node.id, into: &changes)
        }
        guard claim.owner != node.id else {
            claims[slot]?.configEpoch = max(claim.configEpoch, node.configEpoch)
            return
        }
        let mustKnow = witness == node.id || witness == claim.owner
        guard node.configEpoch > claim.configEpoch || node.configEpoch == claim.configEpoch && mustKnow else { return }
        claims[slot] = Claim(owner: node.id, configEpoch: node.configEpoch, era: claim.era + 1)
        add(slot, from: claim.owner, to: node.id, into: &changes)
    }

    private func add(_ slot: Int, from: ClusterNodeID?, to: ClusterNodeID, into changes: inout [Change]) {
        if let last = changes.last, last.slots.upperBound == slot - 1, last.from == from, last.to == to {
            changes[changes.count - 1].slots = last.slots.lowerBound...slot
        } else {
            changes.append(Change(slots: slot...slot, from: from, to: to))
        }
    }
}
