#include "cli/sockets.h"

#include "base/mem.h"
#include "recorder/lock.h"

#include <stdlib.h>
#include <string.h>

char **sockets_of(const struct config *config)
{
    char **usual = config_socket_candidates(config), *noted = lock_socket(config->history.file);
    size_t count = 0;
    while (usual[count])
        count++;
    if (!noted)
        return usual;
    char **all = mem_new(count + 2, sizeof *all);
    all[0] = noted;
    memcpy(all + 1, usual, count * sizeof *usual);
    free(usual);
    return all;
}
