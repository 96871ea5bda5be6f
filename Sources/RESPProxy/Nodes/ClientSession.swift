/// A RESP session, as its event loop knows it.
protocol ClientSession: AnyObject {
    /// Something that it waited for has come.
    func takeTurn()
    /// Asks something on its own connection, if it has one, and if it can be asked now; see ``LinkCheck``.
    func askOwnConnection() -> (link: RelayConnection, wasAsked: Bool)?
}
