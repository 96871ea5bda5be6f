/// The user of a connection on which nobody has logged in.
enum DefaultUser {
    /// Also the user that `AUTH` means where it is given a password alone.
    static let name = Array("default".utf8)
}
