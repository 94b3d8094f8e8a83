/* Where the recorder of a configuration is to be found. */
#ifndef CLI_SOCKETS_H
#define CLI_SOCKETS_H

#include "config/config.h"

/* The sockets to try, best first: the one that the recorder noted in its lock file, then those of
 * config_socket_candidates(). Ends in NULL; release with config_free_list(). */
char **sockets_of(const struct config *config);

#endif
