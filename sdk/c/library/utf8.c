// UTF-8: finding and replacing what is none.
#include "utf8.h"

#include <string.h>

size_t skep_utf8_length(const unsigned char *at, size_t left) {
  unsigned char lead = at[0];
  size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (!length || length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  bool overlong = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90);
  bool outside = (lead == 0xED && at[1] > 0x9F) || (lead == 0xF4 && at[1] > 0x8F);
  return overlong || outside ? 0 : length;
}

static size_t good_prefix(const unsigned char *text, size_t length) {
  size_t at = 0, next;
  while (at < length && (next = skep_utf8_length(text + at, length - at))) at += next;
  return at;
}

const char *skep_utf8(const char *text) {
  size_t left = strlen(text), good = good_prefix((const unsigned char *)text, left);
  if (good == left) return text;
  char *copy = skep_alloc(left * 3 + 1), *to = copy;
  while (left) {
    memcpy(to, text, good);
    to += good;
    text += good;
    left -= good;
    if (!left) break;
    to = (char *)memcpy(to, SKEP_REPLACEMENT, 3) + 3;
    text++;
    left--;
    good = good_prefix((const unsigned char *)text, left);
  }
  return copy;
}
