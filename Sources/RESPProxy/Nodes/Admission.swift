import NIOCore

/// Who is let in: by the options, and by what the server last said to somebody who gives no password.
struct Admission {
    private let options: ProxyConfiguration
    private let live: LiveSettings
    /// Whether the server lets somebody in who gives no password; nil while it has not been asked.
    private let admitsAnonymous: Bool?

    init(_ options: ProxyConfiguration, _ live: LiveSettings, admitsAnonymous: Bool?) {
        self.options = options
        self.live = live
        self.admitsAnonymous = admitsAnonymous
    }

    /// Whether a client from beyond this machine must be turned away (`PROTECTED_MODE`): the server needs no password, as far as is
    /// known. While it has not been asked, a configured password is taken for one that is needed.
    var deniesRemoteClients: Bool {
        live.protectedMode && (admitsAnonymous ?? (options.backing.password == nil))
    }

    /// Whether credentials are needed for what the cache holds: by the options, or since the server came to ask for a password.
    var requiresCredentials: Bool {
        options.requiresCredentials || (!options.trustsClients && admitsAnonymous == false)
    }
}
