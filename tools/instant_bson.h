/* The bytes of documents and messages, as far as tools/instant.c needs them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRING = 2, DOCUMENT = 3, ARRAY = 4, INT32 = 16, INT64 = 18 };

typedef struct { uint8_t *bytes; size_t used, room; } Buffer;

static int32_t read32(const uint8_t *at) {
  int32_t value;
  memcpy(&value, at, 4);
  return value;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Buffers. */

static uint8_t *make_room(Buffer *to, size_t count) {
  if (to->used + count > to->room) {
    to->room = (to->used + count) * 2;
    if (!(to->bytes = realloc(to->bytes, to->room))) fail("instant");
  }
  return to->bytes + to->used;
}

static void put(Buffer *to, const void *from, size_t count) {
  memcpy(make_room(to, count), from, count);
  to->used += count;
}

static void put32(Buffer *to, int32_t value) { put(to, &value, 4); }

static void put_name(Buffer *to, uint8_t type, const char *name) {
  put(to, &type, 1);
  put(to, name, strlen(name) + 1);
}

static void put_int(Buffer *to, const char *name, int32_t value) {
  put_name(to, INT32, name);
  put32(to, value);
}

static void put_ok(Buffer *to) {
  double one = 1;
  put_name(to, 1, "ok");
  put(to, &one, 8);
}

static size_t open_document(Buffer *to) {
  put32(to, 0);
  return to->used - 4;
}

static void close_document(Buffer *to, size_t start) {
  put(to, "", 1);
  int32_t size = to->used - start;
  memcpy(to->bytes + start, &size, 4);
}

/* Documents. The client is a program of ours; what a message says of its own sizes is believed. */

static size_t value_size(uint8_t type, const uint8_t *at) {
  switch (type) {
  case 1: case 9: case 17: case INT64: return 8;
  case STRING: case 13: case 14: return 4 + read32(at);
  case DOCUMENT: case ARRAY: case 15: return read32(at);
  case 5: return 5 + read32(at);
  case 7: return 12;
  case 8: return 1;
  case 11: { size_t first = strlen((const char *)at) + 1; return first + strlen((const char *)at + first) + 1; }
  case INT32: return 4;
  case 19: return 16;
  default: return 0;
  }
}

/* Goes on to the next element from `at`; 0 at the end. */
static const uint8_t *next_element(const uint8_t *at, const char **name, uint8_t *type, const uint8_t **value) {
  if (!(*type = *at)) return NULL;
  *name = (const char *)at + 1;
  *value = at + 2 + strlen(*name);
  return *value + value_size(*type, *value);
}

static const uint8_t *field(const uint8_t *document, const char *wanted, uint8_t wanted_type) {
  const char *name;
  uint8_t type;
  const uint8_t *value;
  for (const uint8_t *at = document + 4; (at = next_element(at, &name, &type, &value));)
    if (!strcmp(name, wanted)) return !wanted_type || type == wanted_type ? value : NULL;
  return NULL;
}

static long number_of(const uint8_t *document, const char *name) {
  const uint8_t *value = field(document, name, INT32);
  if (value) return read32(value);
  if (!(value = field(document, name, INT64))) return -1;
  int64_t number;
  memcpy(&number, value, 8);
  return number;
}
