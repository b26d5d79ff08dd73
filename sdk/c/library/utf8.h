// UTF-8: what the host takes from a skill must be good.
#ifndef SKEP_UTF8_H
#define SKEP_UTF8_H

#include "json.h"

#define SKEP_REPLACEMENT "\xEF\xBF\xBD"  // U+FFFD

// The length of the character that starts here if it is good UTF-8, else 0.
size_t skep_utf8_length(const unsigned char *at, size_t left);
// The text itself if it is good, else a copy with U+FFFD for each byte that is not.
const char *skep_utf8(const char *text);

#endif
