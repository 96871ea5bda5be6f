/// Values by the names of commands, with open addressing. It is asked for every relayed command, and the keyed hash of a `Dictionary`
/// took longer than all else that was then done with the answer. The names in it are the server's, which does not choose them to collide.
struct CommandMap<Value: Sendable>: Sendable {
    private struct Entry {
        var name: CommandName
        var value: Value
    }

    /// At most half of them are taken; as many as a power of two.
    private var places: [Entry?]

    init(_ values: [CommandName: Value]) {
        var size = 2
        while size < values.count * 2 { size *= 2 }
        places = Array(repeating: nil, count: size)
        for (name, value) in values {
            var place = home(of: name)
            while places[place] != nil { place = next(place) }
            places[place] = Entry(name: name, value: value)
        }
    }

    subscript(name: CommandName) -> Value? {
        var place = home(of: name)
        while let entry = places[place] {
            if entry.name == name { return entry.value }
            place = next(place)
        }
        return nil
    }

    private func home(of name: CommandName) -> Int { Int(truncatingIfNeeded: name.cheapHash) & (places.count - 1) }
    private func next(_ place: Int) -> Int { (place + 1) & (places.count - 1) }
}
