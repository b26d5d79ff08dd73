// JSON from text: RFC 8259, strictly, of bounded depth.
#include <string.h>

#include "utf8.h"

typedef struct {
  const char *at, *end;
  const char *why;
  int depth;
} reader;

static skep_json *read_value(reader *in);

static void *refuse(reader *in, const char *why) {
  if (!in->why) in->why = why;
  return NULL;
}

static bool next_is(reader *in, char wanted) {
  if (in->at == in->end || *in->at != wanted) return false;
  in->at++;
  return true;
}

static void skip_space(reader *in) {
  while (in->at < in->end && memchr(" \t\n\r", *in->at, 4)) in->at++;
}

static bool skip_digits(reader *in) {
  const char *start = in->at;
  while (in->at < in->end && *in->at >= '0' && *in->at <= '9') in->at++;
  return in->at > start;
}

static skep_json *read_number(reader *in) {
  const char *start = in->at;
  next_is(in, '-');
  if (!next_is(in, '0') && !skip_digits(in)) return refuse(in, "a value is missing");
  if (next_is(in, '.') && !skip_digits(in)) return refuse(in, "digits are missing behind the point");
  if (next_is(in, 'e') || next_is(in, 'E')) {
    if (!next_is(in, '-')) next_is(in, '+');
    if (!skip_digits(in)) return refuse(in, "digits are missing in the exponent");
  }
  skep_json *value = skep_new_bytes(start, (size_t)(in->at - start));
  value->kind = SKEP_NUMBER;
  return value;
}

static int read_hex(reader *in) {
  int code = 0;
  for (int i = 0; i < 4; i++) {
    char digit = in->at < in->end ? *in->at : 0;
    int value = digit >= '0' && digit <= '9'   ? digit - '0'
                : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                               : -1;
    if (value < 0) return -1;
    code = code * 16 + value;
    in->at++;
  }
  return code;
}

static char *put_utf8(char *to, int code) {
  if (code < 0x80) {
    *to++ = (char)code;
    return to;
  }
  if (code < 0x800) {
    *to++ = (char)(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      *to++ = (char)(0xE0 | code >> 12);
    } else {
      *to++ = (char)(0xF0 | code >> 18);
      *to++ = (char)(0x80 | (code >> 12 & 0x3F));
    }
    *to++ = (char)(0x80 | (code >> 6 & 0x3F));
  }
  *to++ = (char)(0x80 | (code & 0x3F));
  return to;
}

static char *read_unicode(reader *in, char *to) {
  int code = read_hex(in);
  if (code >= 0xD800 && code < 0xDC00) {
    int low = next_is(in, '\\') && next_is(in, 'u') ? read_hex(in) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return refuse(in, "half of a surrogate pair");
    return put_utf8(to, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
  }
  if (code < 0) return refuse(in, "\\u needs four hexadecimal digits");
  if (code >= 0xDC00 && code < 0xE000) return refuse(in, "half of a surrogate pair");
  return put_utf8(to, code);
}

static char *read_escape(reader *in, char *to) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (next_is(in, 'u')) return read_unicode(in, to);
  const char *found = in->at < in->end ? memchr(letters, *in->at, sizeof letters - 1) : NULL;
  if (!found) return refuse(in, "an unknown escape");
  in->at++;
  *to++ = meanings[found - letters];
  return to;
}

// An escape is never shorter than what it means, so the text up to the end is room enough.
static size_t string_size(const reader *in) {
  const char *at = in->at;
  while (at < in->end && *at != '"') at += *at == '\\' && at + 1 < in->end ? 2 : 1;
  return (size_t)(at - in->at);
}

static skep_json *read_string(reader *in) {
  in->at++;
  skep_json *value = skep_new_bytes(in->at, string_size(in));
  char *start = (char *)value->text, *to = start;
  while (!next_is(in, '"')) {
    if (in->at == in->end) return refuse(in, "a string has no end");
    if ((unsigned char)*in->at < 0x20) return refuse(in, "a control character in a string");
    if (next_is(in, '\\')) {
      to = read_escape(in, to);
      if (!to) return NULL;
      continue;
    }
    size_t length = skep_utf8_length((const unsigned char *)in->at, (size_t)(in->end - in->at));
    if (!length) return refuse(in, "a string is no UTF-8");
    memcpy(to, in->at, length);
    to += length;
    in->at += length;
  }
  *to = 0;
  value->length = (size_t)(to - start);
  return value;
}

static const char *read_key(reader *in) {
  skip_space(in);
  if (in->at == in->end || *in->at != '"') return refuse(in, "the name of a member is missing");
  skep_json *key = read_string(in);
  if (!key) return NULL;
  skip_space(in);
  return next_is(in, ':') ? key->text : refuse(in, "a colon is missing");
}

static skep_json *read_list(reader *in, skep_json *list, char end) {
  if (++in->depth > SKEP_DEPTH_MAX) return refuse(in, "it is nested too deeply");
  in->at++;
  skip_space(in);
  bool more = !next_is(in, end);
  while (more) {
    const char *key = NULL;
    if (list->kind == SKEP_OBJECT && !(key = read_key(in))) return NULL;
    skep_json *value = read_value(in);
    if (!value) return NULL;
    if (key) {
      skep_set(list, key, value);
    } else {
      skep_add(list, value);
    }
    more = next_is(in, ',');
    if (!more && !next_is(in, end)) return refuse(in, "a comma or the end of a list is missing");
  }
  in->depth--;
  return list;
}

static skep_json *read_word(reader *in, const char *word, skep_json *value) {
  size_t length = strlen(word);
  if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length)) return refuse(in, "an unknown word");
  in->at += length;
  return value;
}

static skep_json *read_any(reader *in) {
  switch (in->at < in->end ? *in->at : 0) {
    case '{': return read_list(in, skep_new_object(), '}');
    case '[': return read_list(in, skep_new_array(), ']');
    case '"': return read_string(in);
    case 't': return read_word(in, "true", skep_new_bool(true));
    case 'f': return read_word(in, "false", skep_new_bool(false));
    case 'n': return read_word(in, "null", skep_new_null());
    default: return read_number(in);
  }
}

static skep_json *read_value(reader *in) {
  skip_space(in);
  skep_json *value = read_any(in);
  if (value) skip_space(in);
  return value;
}

skep_json *skep_read(const char *text, size_t length, const char **why) {
  reader in = {.at = text, .end = text + length};
  skep_json *value = read_value(&in);
  if (value && in.at < in.end) value = refuse(&in, "there is more behind the value");
  if (!value && why) *why = skep_format("no JSON: %s, at byte %zu", in.why, (size_t)(in.at - text));
  return value;
}
