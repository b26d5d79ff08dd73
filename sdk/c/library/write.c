// JSON to text, always good UTF-8.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

typedef struct {
  char *bytes;
  size_t length, size;
} writer;

static void put(writer *out, const char *bytes, size_t length) {
  if (out->size - out->length <= length) {
    out->size = (out->size + length + 64) * 2;
    out->bytes = realloc(out->bytes, out->size);
    if (!out->bytes) {
      fputs("skep: out of memory\n", stderr);
      abort();
    }
  }
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
  out->bytes[out->length] = 0;
}

static void put_text(writer *out, const char *text) { put(out, text, strlen(text)); }

static void put_character(writer *out, const unsigned char *at, size_t length) {
  char escape[8];
  if (length == 0) {
    put_text(out, SKEP_REPLACEMENT);
  } else if (*at == '"' || *at == '\\') {
    snprintf(escape, sizeof escape, "\\%c", *at);
    put_text(out, escape);
  } else if (*at == '\n') {
    put_text(out, "\\n");
  } else if (*at < 0x20) {
    snprintf(escape, sizeof escape, "\\u%04x", *at);
    put_text(out, escape);
  } else {
    put(out, (const char *)at, length);
  }
}

static void put_string(writer *out, const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)text, *end = at + length;
  put_text(out, "\"");
  while (at < end) {
    const unsigned char *plain = at;
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') at++;
    put(out, (const char *)plain, (size_t)(at - plain));
    if (at == end) break;
    size_t next = skep_utf8_length(at, (size_t)(end - at));
    put_character(out, at, next);
    at += next ? next : 1;
  }
  put_text(out, "\"");
}

static void put_value(writer *out, const skep_json *value, int depth);

static void put_list(writer *out, const skep_json *list, int depth) {
  bool object = list->kind == SKEP_OBJECT;
  put_text(out, object ? "{" : "[");
  for (const skep_json *value = list->first; value; value = value->next) {
    if (value != list->first) put_text(out, ",");
    if (object) {
      put_string(out, value->key, strlen(value->key));
      put_text(out, ":");
    }
    put_value(out, value, depth + 1);
  }
  put_text(out, object ? "}" : "]");
}

static void put_value(writer *out, const skep_json *value, int depth) {
  switch (depth > SKEP_DEPTH_MAX ? SKEP_NULL : skep_kind_of(value)) {
    case SKEP_BOOL: put_text(out, value->truth ? "true" : "false"); break;
    case SKEP_NUMBER: put_text(out, value->text); break;
    case SKEP_STRING: put_string(out, value->text, value->length); break;
    case SKEP_ARRAY:
    case SKEP_OBJECT: put_list(out, value, depth); break;
    default: put_text(out, "null");
  }
}

char *skep_write(const skep_json *value, size_t *length) {
  writer out = {0};
  put_value(&out, value, 0);
  *length = out.length;
  return out.bytes;
}
