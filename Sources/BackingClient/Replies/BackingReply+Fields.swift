extension [BackingReply] {
    /// What stands behind that name in an array of names and values in turns, which a map is under RESP2; nil: nothing, or no text.
    func field(_ name: String) -> [UInt8]? {
        let name = [UInt8](name.utf8)
        for index in stride(from: 0, to: count - 1, by: 2) where self[index].text == name {
            return self[index + 1].text
        }
        return nil
    }
}
