/// The program's arguments, checked: only flags that exist, each once and with its value.
///
/// swift-configuration's provider neither knows which flags exist nor minds one without a value; so the arguments pass
/// through here first.
struct FlagArguments: Equatable {
    /// As the provider reads them: the program's name, then `--flag=value` for each.
    let arguments: [String]

    init(_ values: [(flag: String, value: String)] = []) {
        arguments = ["redis-proxy"] + values.map { "\($0.flag)=\($0.value)" }
    }
}
