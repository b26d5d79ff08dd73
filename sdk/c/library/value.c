// JSON values: looking into them and building them.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

skep_kind skep_kind_of(const skep_json *value) { return value ? value->kind : SKEP_NULL; }

static bool is(const skep_json *value, skep_kind kind) { return value && value->kind == kind; }

skep_json *skep_first(const skep_json *list) { return list ? list->first : NULL; }

skep_json *skep_next(const skep_json *value) { return value ? value->next : NULL; }

const char *skep_key(const skep_json *member) { return member ? member->key : NULL; }

skep_json *skep_get(const skep_json *object, const char *key) {
  skep_json *found = NULL;  // where a name is there twice, the last one counts
  if (!is(object, SKEP_OBJECT)) return NULL;
  for (skep_json *member = object->first; member; member = member->next) {
    if (!strcmp(member->key, key)) found = member;
  }
  return found;
}

size_t skep_length(const skep_json *value) {
  return is(value, SKEP_STRING) || is(value, SKEP_ARRAY) || is(value, SKEP_OBJECT) ? value->length : 0;
}

const char *skep_text(const skep_json *value) { return is(value, SKEP_STRING) ? value->text : NULL; }

int64_t skep_int(const skep_json *value, int64_t fallback) {
  if (!is(value, SKEP_NUMBER)) return fallback;
  bool below = value->text[0] == '-';
  char *end;
  uint64_t size = strtoull(value->text + below, &end, 10);
  uint64_t most = (uint64_t)INT64_MAX + below;
  if (*end || size > most) return fallback;
  return below ? (int64_t)(0 - size) : (int64_t)size;
}

// A number too large for 64 bits has more digits than the largest one, or as many and sorts behind it.
uint64_t skep_uint(const skep_json *value, uint64_t fallback) {
  static const char most[] = "18446744073709551615";
  if (!is(value, SKEP_NUMBER) || value->text[0] == '-') return fallback;
  size_t digits = strspn(value->text, "0123456789");
  bool whole = value->text[digits] == 0;
  bool fits = digits < sizeof most - 1 || (digits == sizeof most - 1 && strcmp(value->text, most) <= 0);
  return whole && fits ? strtoull(value->text, NULL, 10) : fallback;
}

double skep_double(const skep_json *value, double fallback) {
  return is(value, SKEP_NUMBER) ? strtod(value->text, NULL) : fallback;
}

bool skep_bool(const skep_json *value, bool fallback) { return is(value, SKEP_BOOL) ? value->truth : fallback; }

static skep_json *make(skep_kind kind) {
  skep_json *made = skep_alloc(sizeof(skep_json));
  made->kind = kind;
  return made;
}

static skep_json *number(const char *text) {
  skep_json *made = make(SKEP_NUMBER);
  made->text = text;
  return made;
}

skep_json *skep_new_null(void) { return make(SKEP_NULL); }

skep_json *skep_new_bool(bool value) {
  skep_json *made = make(SKEP_BOOL);
  made->truth = value;
  return made;
}

skep_json *skep_new_int(int64_t value) { return number(skep_format("%" PRId64, value)); }

skep_json *skep_new_uint(uint64_t value) { return number(skep_format("%" PRIu64, value)); }

// With as few digits as give the same number again.
skep_json *skep_new_double(double value) {
  if (!isfinite(value)) return skep_new_null();
  char *text = NULL;
  for (int digits = 15; digits <= 17; digits++) {
    text = skep_format("%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  return number(text);
}

skep_json *skep_new_bytes(const void *text, size_t length) {
  skep_json *made = make(SKEP_STRING);
  char *copy = skep_alloc(length + 1);
  if (length) memcpy(copy, text, length);
  made->text = copy;
  made->length = length;
  return made;
}

skep_json *skep_new_text(const char *text) { return text ? skep_new_bytes(text, strlen(text)) : skep_new_null(); }

skep_json *skep_new_array(void) { return make(SKEP_ARRAY); }

skep_json *skep_new_object(void) { return make(SKEP_OBJECT); }

// A value that is in a list already is put in as a copy of itself, which shares what it holds.
static skep_json *place(skep_json *value, const char *key) {
  skep_json *placed = value && !value->placed ? value : make(skep_kind_of(value));
  if (value) *placed = *value;
  placed->placed = true;
  placed->key = key;
  placed->next = NULL;
  return placed;
}

static skep_json *append(skep_json *list, skep_json *value) {
  if (list->last) {
    list->last->next = value;
  } else {
    list->first = value;
  }
  list->last = value;
  list->length++;
  return list;
}

skep_json *skep_add(skep_json *array, skep_json *value) { return append(array, place(value, NULL)); }

skep_json *skep_set(skep_json *object, const char *key, skep_json *value) {
  return append(object, place(value, skep_format("%s", key)));
}
