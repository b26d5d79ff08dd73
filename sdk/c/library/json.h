// JSON values: read from text, looked into, built, written. Values live until the call ends: nothing is freed.
#ifndef SKEP_JSON_H
#define SKEP_JSON_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Deeper text is refused, and deeper values are written as null.
#define SKEP_DEPTH_MAX 128

typedef enum {
  SKEP_NULL,
  SKEP_BOOL,
  SKEP_NUMBER,
  SKEP_STRING,
  SKEP_ARRAY,
  SKEP_OBJECT,
  SKEP_ERROR, // no JSON: why there is no answer; see skep_fail and skep_invalid
} skep_kind;

typedef struct skep_json skep_json;

// --- Memory ---

// Memory that lives until the call ends, zeroed. Breaks the call rather than give NULL.
void *skep_alloc(size_t size);
// A text made as by printf, that lives until the call ends.
char *skep_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *skep_vformat(const char *format, va_list parts);
// Frees all of it. The library does that between calls.
void skep_free_all(void);

// --- Looking into a value. NULL is a value that is missing: each function takes it, and finds nothing in it. ---

// What kind it is; SKEP_NULL for a value that is missing.
skep_kind skep_kind_of(const skep_json *value);
// The member of an object, or NULL.
skep_json *skep_get(const skep_json *object, const char *key);
// The first element of an array or member of an object, and the one after an element or member; else NULL.
skep_json *skep_first(const skep_json *list);
skep_json *skep_next(const skep_json *value);
// The name of a member.
const char *skep_key(const skep_json *member);
// Elements of an array, members of an object, bytes of a string; else 0.
size_t skep_length(const skep_json *value);
// The string in UTF-8, ended by a zero byte (it may hold more of those: see skep_length); NULL if it is none.
const char *skep_text(const skep_json *value);
// The number, exactly; the fallback if it is none or doesn't fit.
int64_t skep_int(const skep_json *value, int64_t fallback);
uint64_t skep_uint(const skep_json *value, uint64_t fallback);
double skep_double(const skep_json *value, double fallback);
bool skep_bool(const skep_json *value, bool fallback);

// --- Building a value ---

skep_json *skep_new_null(void);
skep_json *skep_new_bool(bool value);
skep_json *skep_new_int(int64_t value);
skep_json *skep_new_uint(uint64_t value);
// NaN and infinities, which JSON can't carry, become null.
skep_json *skep_new_double(double value);
// Copied; null for NULL. What is no UTF-8 is written as U+FFFD.
skep_json *skep_new_text(const char *text);
skep_json *skep_new_bytes(const void *text, size_t length);
skep_json *skep_new_array(void);
skep_json *skep_new_object(void);
// Adds to the end, and gives the list back. A value that is missing is added as null.
skep_json *skep_add(skep_json *array, skep_json *value);
skep_json *skep_set(skep_json *object, const char *key, skep_json *value);

// --- Text ---

// Reads one JSON text. What is none gives NULL, and *why says what is wrong and at which byte.
skep_json *skep_read(const char *text, size_t length, const char **why);
// Writes a value into memory from malloc, which the caller frees; *length doesn't count the zero at the end.
char *skep_write(const skep_json *value, size_t *length);

// What the library itself needs of a value.
struct skep_json {
  skep_kind kind;
  bool truth;        // SKEP_BOOL; of SKEP_ERROR: the input is to blame
  bool placed;       // in a list
  const char *key;   // of a member
  const char *text;  // SKEP_STRING, SKEP_NUMBER as it is written, SKEP_ERROR
  size_t length;
  skep_json *first, *last, *next;
};

#endif
