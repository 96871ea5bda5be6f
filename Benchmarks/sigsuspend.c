// Lent to the program by LD_PRELOAD while valgrind runs it: valgrind 3.19 crashes in sigsuspend() where the mask lies in memory
// that is read-only, as libdispatch's does.

#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, _NSIG / 8);
}
