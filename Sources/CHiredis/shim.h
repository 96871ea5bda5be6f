// Only what both hiredis 0.14 (Debian 12) and 1.x (Ubuntu 24.04) declare may be used.
#include <hiredis/hiredis.h>
