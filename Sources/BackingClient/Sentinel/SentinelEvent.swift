/// What a Sentinel announces.
public struct SentinelEvent: Hashable, Sendable {
    /// What has happened: `+switch-master`, say.
    public var channel: String
    /// To whom, in the words of the Sentinel.
    public var text: String

    /// An event as it was announced.
    public init(channel: String, text: String) {
        self.channel = channel
        self.text = text
    }

    /// What is listened to: another primary, one that was promoted (the Sentinel that leads a failover tells that before it tells
    /// `+switch-master`), a restart, a Sentinel that was not known, and what answers again.
    static let channels = ["+switch-master", "+promoted-slave", "+reboot", "+sentinel", "-sdown"]
}
