// Memory that lives as long as a call.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { BLOCK_SIZE = 16 * 1024 };

typedef struct block {
  struct block *before;
  size_t used, size;
  _Alignas(16) unsigned char bytes[];
} block;

static block *newest;

static block *new_block(size_t size) {
  if (size > SIZE_MAX - sizeof(block)) abort();
  block *made = malloc(sizeof(block) + size);
  if (!made) {
    fputs("skep: out of memory\n", stderr);
    abort();
  }
  *made = (block){.before = newest, .size = size};
  return newest = made;
}

void *skep_alloc(size_t size) {
  if (size > SIZE_MAX - 15) abort();
  size = (size + 15) & ~(size_t)15;
  block *from = newest;
  if (!from || from->size - from->used < size) from = new_block(size > BLOCK_SIZE ? size : BLOCK_SIZE);
  void *memory = from->bytes + from->used;
  from->used += size;
  return memset(memory, 0, size);
}

char *skep_vformat(const char *format, va_list parts) {
  va_list again;
  va_copy(again, parts);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (length < 0) length = 0;
  char *text = skep_alloc((size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, parts);
  return text;
}

char *skep_format(const char *format, ...) {
  va_list parts;
  va_start(parts, format);
  char *text = skep_vformat(format, parts);
  va_end(parts);
  return text;
}

void skep_free_all(void) {
  while (newest) {
    block *old = newest;
    newest = old->before;
    free(old);
  }
}
