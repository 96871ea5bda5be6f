import NIOCore
import TransportSecurity

extension Node: RelaySource {
    func openRelay(_ key: RelayKey?, as user: CertificateUser?) -> EventLoopFuture<OpenedRelay> {
        if let key { return openRelay(key) }
        if let user { return openRelay(as: user) }
        return openRelay()
    }
}
