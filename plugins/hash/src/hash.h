// Hash functions that take their input in pieces.
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t words[8];
  uint8_t block[64];
  uint64_t length;
} sha256;

void sha256_start(sha256 *hash);
void sha256_add(sha256 *hash, const uint8_t *bytes, size_t length);
void sha256_end(sha256 *hash, uint8_t digest[32]);

// Each takes the value so far, at first its START, and gives the one with these bytes.
#define CRC32_START 0u
#define ADLER32_START 1u
#define FNV1A_START UINT64_C(0xcbf29ce484222325)
uint32_t crc32_add(uint32_t value, const uint8_t *bytes, size_t length);
uint32_t adler32_add(uint32_t value, const uint8_t *bytes, size_t length);
uint64_t fnv1a_add(uint64_t value, const uint8_t *bytes, size_t length);

#endif
