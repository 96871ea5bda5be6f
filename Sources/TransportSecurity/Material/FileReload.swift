/// What became of a look at files that may have changed.
public enum FileReload: Equatable, Sendable {
    /// The files are as they were.
    case unchanged
    /// New connections use what is in the files now.
    case changed
    /// What is in the files now cannot be used, or is expired; what was in use stays.
    case refused(TLSMaterialError)
}
