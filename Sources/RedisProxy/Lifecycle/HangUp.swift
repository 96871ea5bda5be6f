import Glibc

/// `SIGHUP`, which would end the process when its terminal goes away, and which supervisors send to have files read again.
enum HangUp {
    /// Has it do nothing; where there are files to be read again, ``TLSReload`` listens to it.
    static func ignore() {
        _ = signal(SIGHUP, SIG_IGN)
    }
}
