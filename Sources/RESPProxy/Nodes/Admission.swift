/// Who is let in: by the options, and by what the server last said to somebody who gives no password.
struct Admission {
    /// `PROTECTED_MODE`.
    let protectedMode: Bool
    /// `CLIENT_AUTH=trust`.
    let trustsClients: Bool
    /// Whether the fill lane logs in.
    let hasPassword: Bool
    /// Whether the server lets somebody in who gives no password; nil while it has not been asked.
    let admitsAnonymous: Bool?

    /// Whether a client from beyond this machine must be turned away (`PROTECTED_MODE`): the server needs no password, as far as is
    /// known. While it has not been asked, a configured password is taken for one that is needed.
    var deniesRemoteClients: Bool {
        protectedMode && (admitsAnonymous ?? !hasPassword)
    }

    /// Whether credentials are needed for what the cache holds: by the options, or since the server came to ask for a password.
    var requiresCredentials: Bool {
        !trustsClients && (hasPassword || admitsAnonymous == false)
    }
}
