import Foundation

/// Kills what the tests started, and removes what they leave, when the process of the tests dies, however it dies.
///
/// A shell reads process ids and folders from a pipe whose other end only we hold; at its end of file it kills and removes those still noted.
/// (`PR_SET_PDEATHSIG` would fire at the end of the *thread* that started the child.)
enum Watchdog {
    private static let script = """
        trap '' INT TERM HUP
        pids=' '
        folders=
        while read -r verb pid; do
            case $verb in
            add) pids="$pids$pid " ;;
            drop) pids="${pids%% $pid *} ${pids#* $pid }" ;;
            remove) folders="$folders $pid" ;;
            esac
        done
        [ "$pids" = ' ' ] || kill -9 $pids 2>/dev/null
        [ -z "$folders" ] || rm -rf $folders
        """

    private static let descriptor: Int32? = {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let started = try? spawn(["sh", "-c", Watchdog.script], environment: ["PATH": "/usr/bin:/bin"], group: true) {
            posix_spawn_file_actions_adddup2(&$0, ends[0], 0)
            posix_spawn_file_actions_addopen(&$0, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_addopen(&$0, 2, "/dev/null", O_WRONLY, 0)
        }
        close(ends[0])
        return started == nil ? nil : ends[1]
    }()

    static func watch(_ pid: pid_t) { self.tell("add \(pid)\n") }

    /// - Parameter folder: a path without blanks.
    static func remove(_ folder: String) { self.tell("remove \(folder)\n") }

    static func forget(_ pid: pid_t) { self.tell("drop \(pid)\n") }

    private static func tell(_ line: String) {
        guard let descriptor else { return }
        // Shorter than PIPE_BUF, so lines of several threads do not mix.
        _ = line.withCString { write(descriptor, $0, strlen($0)) }
    }
}
