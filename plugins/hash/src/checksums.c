// Checksums: CRC-32 as in zip and gzip, Adler-32 as in zlib, FNV-1a of 64 bits.
#include "hash.h"

uint32_t crc32_add(uint32_t value, const uint8_t *bytes, size_t length) {
  static uint32_t table[256];
  if (!table[1]) {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t entry = i;
      for (int bit = 0; bit < 8; bit++) entry = entry >> 1 ^ (entry & 1 ? 0xEDB88320u : 0);
      table[i] = entry;
    }
  }
  value = ~value;
  for (size_t i = 0; i < length; i++) value = table[(value ^ bytes[i]) & 0xFF] ^ value >> 8;
  return ~value;
}

uint32_t adler32_add(uint32_t value, const uint8_t *bytes, size_t length) {
  uint32_t low = value & 0xFFFF, high = value >> 16;
  for (size_t i = 0; i < length; i++) {
    low = (low + bytes[i]) % 65521;
    high = (high + low) % 65521;
  }
  return high << 16 | low;
}

uint64_t fnv1a_add(uint64_t value, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) value = (value ^ bytes[i]) * UINT64_C(0x100000001b3);
  return value;
}
