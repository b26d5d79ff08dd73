// Makes a Skep skill of C functions. See README.md of the C SDK for a first skill.
#ifndef SKEP_H
#define SKEP_H

#include "json.h"

// --- Tools ---

// A tool takes its input, which fits the schema, and gives its answer, or skep_fail or skep_invalid.
typedef struct {
  const char *name;
  const char *description;
  const char *input;   // JSON Schema, as by SKEP_SCHEMA
  const char *output;  // JSON Schema, or NULL
  skep_json *(*run)(const skep_json *input);
} skep_tool;

// The skill's tools: yours to define. An entry without a name ends the list.
extern const skep_tool skep_tools[];

// JSON written in C as it is: SKEP_SCHEMA({"type": "object"})
#define SKEP_SCHEMA(...) #__VA_ARGS__

// The answers of a tool that couldn't do its work, and of one whose input fits the schema and is still not
// usable. The message is made as by printf.
skep_json *skep_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
skep_json *skep_invalid(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The message if the value is one of these, or a fault of skep_call; else NULL.
const char *skep_error(const skep_json *value);

// --- The call that is served. Texts live until it ends. ---

const char *skep_call_id(void);             // a UUID, version 7
uint32_t skep_attempt(void);                // 1, and one more for each retry
uint64_t skep_deadline(void);               // milliseconds since 1970-01-01T00:00:00Z
skep_json *skep_caller(void);               // an array of texts, the origin first
const char *skep_idempotency_key(void);     // NULL if there is none
const char *skep_session(void);             // NULL if there is none
bool skep_cancelled(void);                  // whether the caller has gone away
// How far the work is. A total of 0 is unknown; the message may be NULL.
void skep_progress(uint64_t done, uint64_t total, const char *message);

// --- Configuration and logging ---

// A value of the manifest's [config], or what the operator set over it; NULL if there is none. Ends the call if
// the host can't say.
const char *skep_config(const char *key);

typedef enum { SKEP_TRACE, SKEP_DEBUG, SKEP_INFO, SKEP_WARN, SKEP_SEVERE, SKEP_CRITICAL } skep_level;

// Logs a message made as by printf. The context is a word that groups messages.
void skep_log(skep_level level, const char *context, const char *format, ...) __attribute__((format(printf, 3, 4)));

// --- State: each function says whether it worked, and skep_why says why it didn't. ---

#define SKEP_HOT "hot"          // fast; may be lost with the message bus
#define SKEP_DURABLE "durable"  // kept in the database

typedef struct {
  const void *data;  // NULL is no value
  size_t length;
} skep_bytes;

// The bytes of a text.
skep_bytes skep_bytes_of(const char *text);

bool skep_state_get(const char *bucket, const char *key, skep_bytes *value);
bool skep_state_set(const char *bucket, const char *key, skep_bytes value);
bool skep_state_delete(const char *bucket, const char *key);
bool skep_state_increment(const char *bucket, const char *key, uint64_t delta, uint64_t *number);
// Sets the value if it is the expected one, and says in *applied whether it was.
bool skep_state_swap(const char *bucket, const char *key, skep_bytes expected, skep_bytes value, bool *applied);
// All keys, an array of texts.
bool skep_state_keys(const char *bucket, skep_json **keys);
// Why the last function of these didn't work.
const char *skep_why(void);

// --- Other skills: those that the operator granted with --skill ---

// Calls a tool and waits for its answer. The tool may be NULL where the skill has only one. A fault comes as an
// error (see skep_error) with the message `CODE: MESSAGE`, which a tool may give as its own answer.
skep_json *skep_call(const char *skill, const char *tool, const skep_json *input);
// The skills that may be called and offer a capability, the closest match first; all of them for "". An array of
// {name, version, description, capabilities, tools: [{name, description, input_schema, output_schema}]}.
skep_json *skep_find(const char *capability);

#endif
