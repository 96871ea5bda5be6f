/// Whether the clients that came before the command in hand have what a client has at the server: such a command sees or ends them.
enum EarlierClients {
    case unknown, awaited, present
}
