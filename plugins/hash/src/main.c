// A skill that hashes: its tools.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hash.h"
#include "skep.h"

enum { PIECE_BYTES = 64 * 1024, PIECES_PER_REPORT = 256 };

typedef struct {
  uint32_t crc32, adler32;
  uint64_t fnv1a, length;
  sha256 sha256;
} hashes;

static void start(hashes *all) {
  *all = (hashes){.crc32 = CRC32_START, .adler32 = ADLER32_START, .fnv1a = FNV1A_START};
  sha256_start(&all->sha256);
}

static void add(hashes *all, const void *bytes, size_t length) {
  all->crc32 = crc32_add(all->crc32, bytes, length);
  all->adler32 = adler32_add(all->adler32, bytes, length);
  all->fnv1a = fnv1a_add(all->fnv1a, bytes, length);
  sha256_add(&all->sha256, bytes, length);
  all->length += length;
}

static skep_json *answer(hashes *all) {
  uint8_t digest[32];
  char hex[65];
  sha256_end(&all->sha256, digest);
  for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  skep_json *made = skep_new_object();
  skep_set(made, "bytes", skep_new_uint(all->length));
  skep_set(made, "crc32", skep_new_text(skep_format("%08x", (unsigned)all->crc32)));
  skep_set(made, "adler32", skep_new_text(skep_format("%08x", (unsigned)all->adler32)));
  skep_set(made, "fnv1a64", skep_new_text(skep_format("%016llx", (unsigned long long)all->fnv1a)));
  return skep_set(made, "sha256", skep_new_text(hex));
}

static skep_json *file(const char *path) {
  static unsigned char piece[PIECE_BYTES];
  hashes all;
  size_t got;
  FILE *file = fopen(path, "rb");
  if (!file) return skep_fail("%s: %s (grant it with --fs HOST:GUEST)", path, strerror(errno));
  start(&all);
  for (unsigned pieces = 1; (got = fread(piece, 1, sizeof piece, file)); pieces++) {
    add(&all, piece, got);
    if (pieces % PIECES_PER_REPORT) continue;
    skep_progress(all.length, 0, "bytes");
    if (skep_cancelled()) break;
  }
  bool whole = feof(file) && !ferror(file);
  const char *why = strerror(errno);
  fclose(file);
  return whole ? answer(&all) : skep_fail("%s: not read to its end: %s", path, why);
}

static skep_json *hash_text(const skep_json *input) {
  const skep_json *text = skep_get(input, "text");
  hashes all;
  start(&all);
  add(&all, skep_text(text), skep_length(text));
  return answer(&all);
}

static skep_json *hash_file(const skep_json *input) { return file(skep_text(skep_get(input, "path"))); }

// Which hash it is, its digits tell: whatever of that length matches.
static skep_json *verify(const skep_json *input) {
  static const char *const names[] = {"sha256", "fnv1a64", "crc32", "adler32"};
  const skep_json *wanted = skep_get(input, "hash");
  skep_json *found = file(skep_text(skep_get(input, "path")));
  if (skep_error(found)) return found;
  const char *match = NULL;
  bool known = false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    skep_json *hash = skep_get(found, names[i]);
    known |= skep_length(hash) == skep_length(wanted);
    if (!match && !strcasecmp(skep_text(hash), skep_text(wanted))) match = names[i];
  }
  if (!known) return skep_invalid("no hash has %zu digits: give 8, 16 or 64", skep_length(wanted));
  skep_json *made = skep_set(skep_new_object(), "matches", skep_new_bool(match));
  return skep_set(made, "algorithm", skep_new_text(match));
}

#define ANSWER                                                                                               \
  SKEP_SCHEMA({                                                                                              \
    "type": "object",                                                                                        \
    "required": ["bytes", "crc32", "adler32", "fnv1a64", "sha256"],                                          \
    "properties": {                                                                                          \
      "bytes": {"type": "integer"},                                                                          \
      "crc32": {"type": "string"},                                                                           \
      "adler32": {"type": "string"},                                                                         \
      "fnv1a64": {"type": "string"},                                                                         \
      "sha256": {"type": "string"}                                                                           \
    }                                                                                                        \
  })

const skep_tool skep_tools[] = {
  {"text", "The hashes of a text's UTF-8 bytes: CRC-32, Adler-32, FNV-1a (64 bits) and SHA-256, in hexadecimal.",
   SKEP_SCHEMA({
     "type": "object",
     "required": ["text"],
     "properties": {"text": {"type": "string"}},
     "additionalProperties": false
   }),
   ANSWER, hash_text},
  {"file", "The hashes of a file, of any size: CRC-32, Adler-32, FNV-1a (64 bits) and SHA-256, in hexadecimal.",
   SKEP_SCHEMA({
     "type": "object",
     "required": ["path"],
     "properties": {"path": {"type": "string", "description": "The file, as in /data/archive.zip"}},
     "additionalProperties": false
   }),
   ANSWER, hash_file},
  {"verify", "Whether a file has a given hash, and which one that is.",
   SKEP_SCHEMA({
     "type": "object",
     "required": ["path", "hash"],
     "properties": {
       "path": {"type": "string"},
       "hash": {"type": "string", "pattern": "^[0-9a-fA-F]+$", "description": "In hexadecimal: 8, 16 or 64 digits"}
     },
     "additionalProperties": false
   }),
   SKEP_SCHEMA({
     "type": "object",
     "required": ["matches", "algorithm"],
     "properties": {"matches": {"type": "boolean"}, "algorithm": {"type": ["string", "null"]}}
   }),
   verify},
  {0},
};
