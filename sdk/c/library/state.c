// State: wasi:keyvalue, and compare-and-set of skep:skill/state.
#include <string.h>

#include "host.h"

typedef wasi_keyvalue_store_own_bucket_t bucket_t;
typedef wasi_keyvalue_store_error_t error_t;

static const char *reason = "";

const char *skep_why(void) { return reason; }

static bool refuse(error_t *error) {
  switch (error->tag) {
    case WASI_KEYVALUE_STORE_ERROR_NO_SUCH_STORE: reason = "no such bucket: there are hot and durable"; break;
    case WASI_KEYVALUE_STORE_ERROR_ACCESS_DENIED: reason = "access to the bucket is denied"; break;
    default: reason = skep_host_text(&error->val.other);
  }
  return false;
}

static bool open_bucket(const char *name, bucket_t *bucket) {
  skill_string_t identifier = skep_lend(name);
  error_t error;
  return wasi_keyvalue_store_open(&identifier, bucket, &error) || refuse(&error);
}

// Ends what open_bucket began.
static bool done(bucket_t bucket, bool worked, error_t *error) {
  wasi_keyvalue_store_bucket_drop_own(bucket);
  return worked || refuse(error);
}

skep_bytes skep_bytes_of(const char *text) { return (skep_bytes){text, text ? strlen(text) : 0}; }

static skill_list_u8_t lend(skep_bytes bytes) { return (skill_list_u8_t){(uint8_t *)bytes.data, bytes.length}; }

bool skep_state_get(const char *bucket, const char *key, skep_bytes *value) {
  bucket_t open;
  error_t error;
  skill_option_list_u8_t found = {0};
  skill_string_t name = skep_lend(key);
  if (!open_bucket(bucket, &open)) return false;
  bool worked = wasi_keyvalue_store_method_bucket_get(wasi_keyvalue_store_borrow_bucket(open), &name, &found, &error);
  *value = (skep_bytes){0};
  if (worked && found.is_some) {
    // A zero behind the bytes: they may be used as text.
    char *copy = skep_alloc(found.val.len + 1);
    if (found.val.len) memcpy(copy, found.val.ptr, found.val.len);
    *value = (skep_bytes){copy, found.val.len};
    skill_list_u8_free(&found.val);
  }
  return done(open, worked, &error);
}

bool skep_state_set(const char *bucket, const char *key, skep_bytes value) {
  bucket_t open;
  error_t error;
  skill_string_t name = skep_lend(key);
  skill_list_u8_t bytes = lend(value);
  if (!open_bucket(bucket, &open)) return false;
  bool worked = wasi_keyvalue_store_method_bucket_set(wasi_keyvalue_store_borrow_bucket(open), &name, &bytes, &error);
  return done(open, worked, &error);
}

bool skep_state_delete(const char *bucket, const char *key) {
  bucket_t open;
  error_t error;
  skill_string_t name = skep_lend(key);
  if (!open_bucket(bucket, &open)) return false;
  bool worked = wasi_keyvalue_store_method_bucket_delete(wasi_keyvalue_store_borrow_bucket(open), &name, &error);
  return done(open, worked, &error);
}

bool skep_state_increment(const char *bucket, const char *key, uint64_t delta, uint64_t *number) {
  bucket_t open;
  error_t error;
  skill_string_t name = skep_lend(key);
  if (!open_bucket(bucket, &open)) return false;
  bool worked =
      wasi_keyvalue_atomics_increment(wasi_keyvalue_store_borrow_bucket(open), &name, delta, number, &error);
  return done(open, worked, &error);
}

bool skep_state_swap(const char *bucket, const char *key, skep_bytes expected, skep_bytes value, bool *applied) {
  bucket_t open;
  error_t error;
  skill_string_t name = skep_lend(key);
  skill_list_u8_t before = lend(expected), after = lend(value);
  if (!open_bucket(bucket, &open)) return false;
  bool worked =
      skep_skill_state_compare_and_set(wasi_keyvalue_store_borrow_bucket(open), &name, expected.data ? &before : NULL,
                                       value.data ? &after : NULL, applied, &error);
  return done(open, worked, &error);
}

bool skep_state_keys(const char *bucket, skep_json **keys) {
  bucket_t open;
  error_t error;
  wasi_keyvalue_store_key_response_t page;
  uint64_t cursor;
  bool worked, more = false;
  if (!open_bucket(bucket, &open)) return false;
  *keys = skep_new_array();
  do {
    worked = wasi_keyvalue_store_method_bucket_list_keys(wasi_keyvalue_store_borrow_bucket(open),
                                                         more ? &cursor : NULL, &page, &error);
    if (!worked) break;
    skep_json *some = skep_host_texts(&page.keys);
    for (skep_json *key = skep_first(some); key; key = skep_next(key)) skep_add(*keys, key);
    more = page.cursor.is_some;
    cursor = page.cursor.val;
  } while (more);
  return done(open, worked, &error);
}
