// What the host tells of the call, and what it is told.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "utf8.h"

const char *skep_host_text(skill_string_t *given) {
  char *text = skep_alloc(given->len + 1);
  if (given->len) memcpy(text, given->ptr, given->len);
  skill_string_free(given);
  return text;
}

skill_string_t skep_lend(const char *text) {
  text = skep_utf8(text);
  return (skill_string_t){(uint8_t *)text, strlen(text)};
}

const char *skep_call_id(void) {
  skill_string_t id;
  skep_skill_context_call_id(&id);
  return skep_host_text(&id);
}

uint32_t skep_attempt(void) { return skep_skill_context_attempt(); }

uint64_t skep_deadline(void) { return skep_skill_context_deadline(); }

skep_json *skep_host_texts(skill_list_string_t *given) {
  skep_json *texts = skep_new_array();
  for (size_t i = 0; i < given->len; i++) {
    skep_add(texts, skep_new_bytes(given->ptr[i].ptr, given->ptr[i].len));
  }
  skill_list_string_free(given);
  return texts;
}

skep_json *skep_caller(void) {
  skill_list_string_t caller;
  skep_skill_context_caller(&caller);
  return skep_host_texts(&caller);
}

const char *skep_idempotency_key(void) {
  skill_string_t key;
  return skep_skill_context_idempotency_key(&key) ? skep_host_text(&key) : NULL;
}

const char *skep_session(void) {
  skill_string_t session;
  return skep_skill_context_session(&session) ? skep_host_text(&session) : NULL;
}

bool skep_cancelled(void) { return skep_skill_context_cancelled(); }

void skep_progress(uint64_t done, uint64_t total, const char *message) {
  skill_string_t words = skep_lend(message ? message : "");
  skep_skill_context_progress(done, total ? &total : NULL, message ? &words : NULL);
}

const char *skep_config(const char *key) {
  skill_string_t name = skep_lend(key);
  skill_option_string_t value;
  wasi_config_store_error_t error;
  if (!wasi_config_store_get(&name, &value, &error)) {
    // NULL would be taken for "not set", and the skill would go on with its default.
    const char *why = skep_host_text(error.tag == WASI_CONFIG_STORE_ERROR_UPSTREAM ? &error.val.upstream : &error.val.io);
    fprintf(stderr, "skep: configuration: %s\n", why);
    abort();
  }
  return value.is_some ? skep_host_text(&value.val) : NULL;
}

void skep_log(skep_level level, const char *context, const char *format, ...) {
  va_list parts;
  va_start(parts, format);
  const char *text = skep_vformat(format, parts);
  va_end(parts);
  skill_string_t group = skep_lend(context), message = skep_lend(text);
  wasi_logging_logging_log((wasi_logging_logging_level_t)level, &group, &message);
}
