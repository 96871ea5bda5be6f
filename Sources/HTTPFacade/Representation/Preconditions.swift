/// The conditions of a request (RFC 9110, 13). A value has no date, so those that name one (`If-Modified-Since`,
/// `If-Unmodified-Since`) must be passed over; and as no ranges are served, so are `Range` and `If-Range`.
struct Preconditions: Equatable {
    /// All `If-Match` fields as one list; nil where there is none.
    var ifMatch: String?
    /// All `If-None-Match` fields as one list; nil where there is none.
    var ifNoneMatch: String?

    enum Verdict {
        /// The request is carried out.
        case holds
        /// 304.
        case notModified
        /// 412.
        case failed
    }

    /// For a value that is there.
    ///
    /// - Parameter tag: nil where the representation has none; then only `*` names it.
    func verdict(tag: String?) -> Verdict {
        if let ifMatch, !EntityTag.isNamed(tag, in: ifMatch, weakly: false) { return .failed }
        if let ifNoneMatch, EntityTag.isNamed(tag, in: ifNoneMatch, weakly: true) { return .notModified }
        return .holds
    }

    /// For a key that is absent: no tag names it, and `*` neither.
    var verdictOfAbsent: Verdict { ifMatch == nil ? .holds : .failed }
}
