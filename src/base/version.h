/* The version of all programs and manual pages; the Makefile reads it from here, too. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define HMI_VERSION "0.1.0"

#endif
