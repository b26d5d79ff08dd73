// Between the library's own files: texts that cross to the host and back.
#ifndef SKEP_HOST_H
#define SKEP_HOST_H

#include "skep.h"
#include "skill.h"

// A text of the host's, copied to the call's memory, and freed.
const char *skep_host_text(skill_string_t *given);
// Texts of the host's, likewise.
skep_json *skep_host_texts(skill_list_string_t *given);
// A text of ours that the host only looks at.
skill_string_t skep_lend(const char *text);

#endif
