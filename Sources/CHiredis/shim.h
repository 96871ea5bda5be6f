// Only what both hiredis 0.14 (Debian 12) and 1.x (Ubuntu 24.04) declare may be used.
#include <hiredis/hiredis.h>

// What a reader makes of a reply is its user's own affair: hiredis calls one of its user's functions for each object that it has parsed. Its
// table of them has other members, and other types, in 0.14 than in 1.x; so it is filled in here, from the header that is installed.

// What is told of each object of a reply, in the order in which they come, an array before its elements.
typedef struct {
    void *context;
    // A bulk string, a status, an error, or a type of RESP3 that is spelled out; `type` is one of `REDIS_REPLY_…`.
    void (*text)(void *context, int type, const char *bytes, size_t length);
    void (*integer)(void *context, long long value);
    void (*array)(void *context, int type, size_t count);
    void (*nil)(void *context);
} redis_proxy_objects;

#if HIREDIS_MAJOR >= 1
typedef size_t redis_proxy_element_count;
#else
typedef int redis_proxy_element_count;
#endif

static inline void *redis_proxy_create_string(const redisReadTask *task, char *bytes, size_t length) {
    redis_proxy_objects *objects = task->privdata;
    objects->text(objects->context, task->type, bytes, length);
    return objects;
}

static inline void *redis_proxy_create_array(const redisReadTask *task, redis_proxy_element_count count) {
    redis_proxy_objects *objects = task->privdata;
    objects->array(objects->context, task->type, (size_t)count);
    return objects;
}

static inline void *redis_proxy_create_integer(const redisReadTask *task, long long value) {
    redis_proxy_objects *objects = task->privdata;
    objects->integer(objects->context, value);
    return objects;
}

static inline void *redis_proxy_create_nil(const redisReadTask *task) {
    redis_proxy_objects *objects = task->privdata;
    objects->nil(objects->context);
    return objects;
}

#if HIREDIS_MAJOR >= 1
static inline void *redis_proxy_create_double(const redisReadTask *task, double value, char *bytes, size_t length) {
    (void)value;
    return redis_proxy_create_string(task, bytes, length);
}

static inline void *redis_proxy_create_bool(const redisReadTask *task, int value) {
    return redis_proxy_create_string(task, value ? "t" : "f", 1);
}
#endif

// Nothing is kept that would have to be freed.
static inline void redis_proxy_free_object(void *object) { (void)object; }

// A reader that tells `objects`, which must stay where it is for as long as the reader is used; NULL where memory is out.
static inline redisReader *redis_proxy_create_reader(redis_proxy_objects *objects) {
    static redisReplyObjectFunctions functions = {
        .createString = redis_proxy_create_string,
        .createArray = redis_proxy_create_array,
        .createInteger = redis_proxy_create_integer,
#if HIREDIS_MAJOR >= 1
        .createDouble = redis_proxy_create_double,
        .createBool = redis_proxy_create_bool,
#endif
        .createNil = redis_proxy_create_nil,
        .freeObject = redis_proxy_free_object,
    };
    redisReader *reader = redisReaderCreateWithFunctions(&functions);
    if (reader != NULL) reader->privdata = objects;
    return reader;
}
