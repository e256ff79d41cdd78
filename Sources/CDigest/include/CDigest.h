#ifndef CDIGEST_H
#define CDIGEST_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 of many short messages, each after one and the same key, by the instructions that x86-64 has for it. They wait for each other within one
   message, so that four at a time take little longer than one. Nothing here keeps state. */

/* Where a message lies. */
struct cdigest_message {
  size_t start;
  size_t length;
};

/* The bytes of a key, and of what is told of a hash. */
enum { CDIGEST_KEY = 32, CDIGEST_HASH = 16 };

/* Whether this processor has the instructions; cdigest_hash must not be called where it has not. Slow where the machine is a virtual one. */
int cdigest_available(void);

/* Writes, message after message, the first 16 bytes of SHA-256(key || message) to hashes. Messages are places in bytes. */
void cdigest_hash(const uint8_t *key, const uint8_t *bytes, const struct cdigest_message *messages, size_t count, void *hashes);

#endif
