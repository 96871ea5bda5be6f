extension CommandScript {
    static let logs = CommandScript(
        "logs",
        """
        XADD x 1-1 f v
        XADD x 2-1 f w
        XADD x 1-1 f v
        XLEN x
        XRANGE x - +
        XREVRANGE x + - COUNT 1
        XREAD COUNT 1 STREAMS x 0
        XREAD STREAMS x $
        XDEL x 1-1
        XTRIM x MAXLEN 10
        XSETID x 5-1
        XINFO STREAM x
        XINFO HELP
        """)

    static let streams = CommandScript(
        "consumer groups",
        """
        XADD x 1-1 f v
        XADD x 2-1 f w
        XGROUP CREATE x g 0
        XGROUP CREATE x g 0
        XGROUP CREATECONSUMER x g other
        XGROUP SETID x g 0
        XGROUP HELP
        XREADGROUP GROUP g c COUNT 1 STREAMS x >
        XREADGROUP GROUP nosuch c STREAMS x >
        XPENDING x g
        XPENDING x g - + 10
        XCLAIM x g other 0 1-1
        XAUTOCLAIM x g c 0 0
        XINFO GROUPS x
        XINFO CONSUMERS x g
        XACK x g 1-1
        XGROUP DELCONSUMER x g c
        XGROUP DESTROY x g
        """)

    static let scripting = CommandScript(
        "scripts",
        """
        SCRIPT FLUSH
        EVAL "return redis.call('SET', KEYS[1], ARGV[1])" 1 k v
        GET k
        EVAL "return {1, 'two', {3, false}, redis.status_reply('FINE')}" 0
        EVAL "return redis.error_reply('MY error')" 0
        EVAL "redis.setresp(3); return {map={a=1}, }" 0
        EVAL "redis.setresp(3); return {double=1.5}" 0
        EVAL "nonsense(" 0
        EVAL_RO "return redis.call('GET', KEYS[1])" 1 k
        EVAL_RO "return redis.call('SET', KEYS[1], 'x')" 1 k
        SCRIPT LOAD "return 7"
        EVALSHA 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9 0
        EVALSHA_RO 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9 0
        SCRIPT EXISTS 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9
        SCRIPT KILL
        MULTI
        SCRIPT DEBUG NO
        EXEC
        SCRIPT HELP
        GET k
        EVAL "redis.call('DEL', KEYS[1])" 1 k
        GET k
        """)

    static let functions = CommandScript(
        "functions",
        """
        FUNCTION FLUSH
        FUNCTION LOAD "#!lua name=lib%nredis.register_function{function_name='f', callback=function(k, a) return redis.call('SET', k[1], a[1]) end}%nredis.register_function{function_name='r', callback=function() return 1 end, flags={'no-writes'}}"
        FCALL f 1 k v
        GET k
        FCALL_RO r 0
        FCALL_RO f 1 k v
        FCALL nosuch 0
        FUNCTION LIST LIBRARYNAME nosuch
        FUNCTION STATS
        FUNCTION DUMP
        FUNCTION RESTORE %x0a%x00%x5d%x9b%x5c%x40%x0f%x7f%xa2%xda
        FUNCTION RESTORE nonsense
        FUNCTION KILL
        FUNCTION HELP
        FUNCTION DELETE lib
        FUNCTION LIST
        """)
}
