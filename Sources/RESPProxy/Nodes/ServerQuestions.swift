/// What is asked of one server for the whole process; any thread may have it asked anew.
protocol ServerQuestions: Sendable {
    /// A connection to the server has come to stand: it may be another one, with other rules.
    func connectionStands()
    /// A client has logged in: whom the server lets in may have changed.
    func clientLoggedIn()
}
