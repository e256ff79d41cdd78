/* A front for a server that answers at once for one collection: what it holds is made up, and a write to it costs nothing.

     instant --upstream HOST:PORT --namespace DATABASE.COLLECTION --documents N [--store PREFIX]

   For figures of the program alone: how much memory it needs for a large collection, how many documents a second it can change, where no
   server stands in the way. Prints its URI once it listens. It keeps one byte a document.

   The collection has documents with `_id` 0 to N-1, each like the one that the collection of the server behind holds, which has an `_id` of 32
   bits. What it answers:

   - aggregate and find: the first time it asks the server behind, and gives that answer's first row for every document that was not written to
     yet, each with its own `_id`, whatever the stages or the filter are; with a `$count` their number. So a sweep that looks for what is left
     finds nothing once everything was written. getMore and killCursors go with them.
   - findAndModify with `remove`, delete, update: each statement names one `_id`, is taken for fulfilled, and counts as one document changed.
     Guards are not evaluated: nobody else writes here.
   - insert: every document is taken, and forgotten. The same with insert and update of collections whose names begin with PREFIX.

   Everything else (leases, receipts, what is read of a PREFIX collection) is passed on to the server behind it and really stored there. It is no
   server: no change is ever visible but by the absence of its document, and none can be taken back. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "instant_bson.h"

enum { HEAD = 16, OP_MSG = 2013, MORE_TO_COME = 2, SHAPES = 32, CURSORS = 64, BATCH_BYTES = 12 << 20 };

typedef struct { uint64_t asked; uint8_t *row; int32_t size, id; } Shape;
typedef struct { int64_t id; long next; const Shape *shape; } Cursor;

static struct { const char *upstream_host, *upstream_port, *namespace, *collection, *store; size_t database; } options;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *left_over;
static long documents, remaining, writes;
static Shape shapes[SHAPES];
static int shape_count;
static Cursor cursors[CURSORS];
static int64_t next_cursor = 1LL << 40;

/* The collection. */

static void take(long number) {
  writes++;
  if (number < 0 || number >= documents || !left_over[number]) return;
  left_over[number] = 0;
  remaining--;
}

/* What tells one reading from another: its stages, or its filter and projection. */
static uint64_t asked(const uint8_t *body) {
  static const char *const parts[] = {"pipeline", "filter", "projection"};
  uint64_t hash = 14695981039346656037u;
  for (int part = 0; part < 3; part++) {
    const uint8_t *value = field(body, parts[part], 0);
    for (int32_t at = 0; value && at < read32(value); at++) hash = (hash ^ value[at]) * 1099511628211u;
  }
  return hash;
}

static const char *count_name(const uint8_t *body) {
  const uint8_t *stages = field(body, "pipeline", ARRAY), *value, *found;
  const char *name;
  uint8_t type;
  if (!stages) return NULL;
  for (const uint8_t *at = stages + 4; (at = next_element(at, &name, &type, &value));)
    if (type == DOCUMENT && (found = field(value, "$count", STRING))) return (const char *)found + 4;
  return NULL;
}

static void put_batch(Buffer *to, Cursor *cursor, long size, const char *name) {
  size_t whole = open_document(to), inner;
  put_name(to, DOCUMENT, "cursor");
  inner = open_document(to);
  put_name(to, ARRAY, name);
  size_t list = open_document(to), begin = to->used;
  long row = 0;
  for (; row < size && cursor->next < documents && to->used - begin < BATCH_BYTES; cursor->next++) {
    if (!left_over[cursor->next]) continue;
    char index[24];
    snprintf(index, sizeof index, "%ld", row++);
    put_name(to, DOCUMENT, index);
    int32_t number = cursor->next;
    size_t start = to->used;
    put(to, cursor->shape->row, cursor->shape->size);
    memcpy(to->bytes + start + cursor->shape->id, &number, 4);
  }
  close_document(to, list);
  if (cursor->next >= documents) cursor->id = 0;
  put_name(to, INT64, "id");
  put(to, &cursor->id, 8);
  put_name(to, STRING, "ns");
  put32(to, strlen(options.namespace) + 1);
  put(to, options.namespace, strlen(options.namespace) + 1);
  close_document(to, inner);
  put_ok(to);
  close_document(to, whole);
}

static void put_count(Buffer *to, const char *name) {
  Cursor none = {0};
  size_t whole = open_document(to);
  put_name(to, DOCUMENT, "cursor");
  size_t inner = open_document(to);
  put_name(to, ARRAY, "firstBatch");
  size_t list = open_document(to);
  put_name(to, DOCUMENT, "0");
  size_t row = open_document(to);
  put_int(to, name, remaining);
  close_document(to, row);
  close_document(to, list);
  put_name(to, INT64, "id");
  put(to, &none.id, 8);
  put_name(to, STRING, "ns");
  put32(to, strlen(options.namespace) + 1);
  put(to, options.namespace, strlen(options.namespace) + 1);
  close_document(to, inner);
  put_ok(to);
  close_document(to, whole);
}

/* Statements or documents of a write, wherever they stand: how many, each taken for one write where it names an `_id`. */
static int32_t take_all(const uint8_t *body, const uint8_t *sequence, int32_t size, const char *name, int takes) {
  int32_t count = 0;
  const uint8_t *value, *query;
  const char *key;
  uint8_t type;
  if (sequence) {
    for (const uint8_t *at = sequence, *end = sequence + size; at < end; at += read32(at), count++)
      if (takes) take((query = field(at, "q", DOCUMENT)) ? number_of(query, "_id") : -1);
  } else if ((value = field(body, name, ARRAY))) {
    for (const uint8_t *at = value + 4; (at = next_element(at, &key, &type, &value)); count++)
      if (takes) take((query = field(value, "q", DOCUMENT)) ? number_of(query, "_id") : -1);
  }
  return count;
}

static void put_written(Buffer *to, int32_t count, int modified) {
  size_t whole = open_document(to);
  put_int(to, "n", count);
  if (modified) put_int(to, "nModified", count);
  put_ok(to);
  close_document(to, whole);
}

static const Shape *shape_of(uint64_t hash) {
  for (int index = 0; index < shape_count; index++)
    if (shapes[index].asked == hash) return &shapes[index];
  return NULL;
}

/* Keeps the first row of an answer, where it has an `_id` of 32 bits. */
static const Shape *learn(uint64_t hash, const uint8_t *reply) {
  const uint8_t *cursor = field(reply + HEAD + 5, "cursor", DOCUMENT);
  const uint8_t *rows = cursor ? field(cursor, "firstBatch", ARRAY) : NULL;
  const uint8_t *row = rows ? field(rows, "0", DOCUMENT) : NULL;
  const uint8_t *id = row ? field(row, "_id", INT32) : NULL;
  if (!id || shape_count == SHAPES) return NULL;
  Shape *shape = &shapes[shape_count++];
  *shape = (Shape){hash, malloc(read32(row)), read32(row), id - row};
  memcpy(shape->row, row, shape->size);
  return shape;
}

/* One connection of a client, with one of its own to the server behind. */

typedef struct { int client, upstream; Buffer message, reply, behind; } Connection;

static int receive(int socket, Buffer *into) {
  into->used = 0;
  for (size_t wanted = HEAD; into->used < wanted;) {
    make_room(into, wanted - into->used);
    ssize_t part = recv(socket, into->bytes + into->used, wanted - into->used, 0);
    if (part <= 0) return 0;
    into->used += part;
    if (into->used == HEAD) wanted = read32(into->bytes);
  }
  return 1;
}

static int deliver(int socket, const uint8_t *bytes, size_t count) {
  while (count) {
    ssize_t part = send(socket, bytes, count, MSG_NOSIGNAL);
    if (part <= 0) return 0;
    bytes += part;
    count -= part;
  }
  return 1;
}

/* Passes a message on and its answers back; the first of them is looked at and kept back where `asks`. */
static int pass_on(Connection *connection, int asks) {
  const uint8_t *message = connection->message.bytes;
  if (!deliver(connection->upstream, message, connection->message.used)) return 0;
  if (read32(message + 12) == OP_MSG && read32(message + 16) & MORE_TO_COME) return 1;
  do {
    if (!receive(connection->upstream, &connection->behind)) return 0;
    if (asks) return 1;
    if (!deliver(connection->client, connection->behind.bytes, connection->behind.used)) return 0;
  } while (read32(connection->behind.bytes + 12) == OP_MSG && read32(connection->behind.bytes + 16) & MORE_TO_COME);
  return 1;
}

static Cursor *cursor_of(int64_t id) {
  for (int index = 0; id && index < CURSORS; index++)
    if (cursors[index].id == id) return &cursors[index];
  return NULL;
}

static int open_cursor(Connection *connection, const uint8_t *body, Buffer *to) {
  const char *count = count_name(body);
  if (count) return put_count(to, count), 1;
  uint64_t hash = asked(body);
  const Shape *shape = shape_of(hash);
  if (!shape) {
    if (!pass_on(connection, 1)) return -1;
    if (!(shape = learn(hash, connection->behind.bytes)))
      return deliver(connection->client, connection->behind.bytes, connection->behind.used) ? 2 : -1;
  }
  const uint8_t *inner = field(body, "cursor", DOCUMENT);
  long size = number_of(inner ? inner : body, "batchSize");
  int slot = 0;
  while (slot < CURSORS - 1 && cursors[slot].id) slot++;
  cursors[slot] = (Cursor){next_cursor++, 0, shape};
  put_batch(to, &cursors[slot], size < 0 ? 101 : size, "firstBatch");
  return 1;
}

/* Writes the answer to a message into the reply: 1; 0 where the server behind has to give it, 2 where it was given, -1 where a side is gone. */
static int answer(Connection *connection, Buffer *to) {
  const uint8_t *message = connection->message.bytes, *body = NULL, *sequence = NULL;
  int32_t size = 0;
  size_t end = connection->message.used - (read32(message + 16) & 1 ? 4 : 0);
  for (size_t at = HEAD + 4; at < end; at += 1 + read32(message + at + 1)) {
    if (!message[at]) {
      body = message + at + 1;
    } else {
      size_t head = 4 + strlen((const char *)message + at + 5) + 1;
      sequence = message + at + 1 + head;
      size = read32(message + at + 1) - head;
    }
  }
  const char *command;
  uint8_t type;
  const uint8_t *value, *database = body ? field(body, "$db", STRING) : NULL;
  if (!database || !next_element(body + 4, &command, &type, &value)) return 0;
  if (strlen((const char *)database + 4) != options.database || memcmp(database + 4, options.namespace, options.database)) return 0;
  if (!strcmp(command, "getMore")) {
    Cursor *cursor = cursor_of(number_of(body, "getMore"));
    if (!cursor) return 0;
    long wanted = number_of(body, "batchSize");
    return put_batch(to, cursor, wanted < 0 ? 1000 : wanted, "nextBatch"), 1;
  }
  if (type != STRING) return 0;
  const char *name = (const char *)value + 4;
  if (!strcmp(command, "killCursors")) {
    const uint8_t *list = field(body, "cursors", ARRAY);
    Cursor *cursor = list ? cursor_of(number_of(list, "0")) : NULL;
    if (!cursor) return 0;
    cursor->id = 0;
    return put_written(to, 0, 0), 1;
  }
  int stores = options.store && !strncmp(name, options.store, strlen(options.store));
  int is_ours = !strcmp(name, options.collection);
  if (!stores && !is_ours) return 0;
  if (!strcmp(command, "insert")) {
    int32_t inserted = take_all(body, sequence, size, "documents", 0);
    if (is_ours) writes += inserted;
    return put_written(to, inserted, 0), 1;
  }
  if (!strcmp(command, "update")) return put_written(to, take_all(body, sequence, size, "updates", is_ours), 1), 1;
  if (!is_ours) return 0;
  if (!strcmp(command, "delete")) return put_written(to, take_all(body, sequence, size, "deletes", 1), 0), 1;
  if (!strcmp(command, "aggregate") || !strcmp(command, "find")) return open_cursor(connection, body, to);
  if (strcmp(command, "findAndModify") || !field(body, "remove", 8) || !shape_count) return 0;
  const uint8_t *query = field(body, "query", DOCUMENT);
  const int32_t number = query ? number_of(query, "_id") : -1;
  const Shape *shape = &shapes[shape_count - 1];
  take(number);
  size_t whole = open_document(to);
  put_name(to, DOCUMENT, "lastErrorObject");
  put(to, "\x0c\0\0\0\x10n\0\1\0\0\0", 12);
  put_name(to, DOCUMENT, "value");
  size_t start = to->used;
  put(to, shape->row, shape->size);
  memcpy(to->bytes + start + shape->id, &number, 4);
  put_ok(to);
  close_document(to, whole);
  return 1;
}

static void *serve(void *argument) {
  Connection connection = {.client = (int)(intptr_t)argument};
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *address;
  int on = 1;
  setsockopt(connection.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (getaddrinfo(options.upstream_host, options.upstream_port, &hints, &address)) fail("instant: the server behind");
  connection.upstream = socket(address->ai_family, SOCK_STREAM, 0);
  if (connect(connection.upstream, address->ai_addr, address->ai_addrlen)) fail("instant: the server behind");
  setsockopt(connection.upstream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  freeaddrinfo(address);
  while (receive(connection.client, &connection.message)) {
    Buffer *to = &connection.reply;
    to->used = HEAD + 5;
    make_room(to, 64);
    int given = 0;
    if (read32(connection.message.bytes + 12) == OP_MSG) {
      pthread_mutex_lock(&lock);
      given = answer(&connection, to);
      pthread_mutex_unlock(&lock);
    }
    if (given < 0 || (given == 0 && !pass_on(&connection, 0))) break;
    if (given != 1) continue;
    int32_t head[] = {to->used, 0, read32(connection.message.bytes + 4), OP_MSG, 0};
    memcpy(to->bytes, head, sizeof head);
    to->bytes[HEAD + 4] = 0;
    if (!deliver(connection.client, to->bytes, to->used)) break;
  }
  close(connection.client);
  close(connection.upstream);
  free(connection.message.bytes);
  free(connection.reply.bytes);
  free(connection.behind.bytes);
  return NULL;
}

static void *accept_all(void *argument) {
  for (int client; (client = accept((int)(intptr_t)argument, NULL, NULL)) >= 0;) {
    pthread_t thread;
    if (!pthread_create(&thread, NULL, serve, (void *)(intptr_t)client)) pthread_detach(thread);
  }
  return NULL;
}

int main(int count, char **arguments) {
  static const struct option known[] = {
      {"upstream", 1, 0, 'u'}, {"namespace", 1, 0, 'n'}, {"documents", 1, 0, 'd'}, {"store", 1, 0, 's'}, {0, 0, 0, 0}};
  char *upstream = NULL;
  for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
    if (option == 'u') upstream = optarg;
    else if (option == 'n') options.namespace = optarg;
    else if (option == 'd') documents = remaining = atol(optarg);
    else if (option == 's') options.store = optarg;
    else return 64;
  }
  char *colon = upstream ? strrchr(upstream, ':') : NULL, *dot = options.namespace ? strchr(options.namespace, '.') : NULL;
  if (!colon || !dot || documents < 1) {
    fputs("instant: --upstream HOST:PORT, --namespace DATABASE.COLLECTION and --documents N are needed\n", stderr);
    return 64;
  }
  *colon = 0;
  options.upstream_host = upstream;
  options.upstream_port = colon + 1;
  options.collection = dot + 1;
  options.database = dot - options.namespace;
  if (!(left_over = malloc(documents))) fail("instant");
  memset(left_over, 1, documents);

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, NULL);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64)) fail("instant");
  getsockname(listener, (struct sockaddr *)&address, &length);
  pthread_t acceptor;
  if (pthread_create(&acceptor, NULL, accept_all, (void *)(intptr_t)listener)) fail("instant");
  printf("mongodb://127.0.0.1:%d/?directConnection=true\n", ntohs(address.sin_port));
  fflush(stdout);
  int signal;
  sigwait(&ends, &signal);
  pthread_mutex_lock(&lock);
  fprintf(stderr, "instant: %ld writes, %ld documents not written to\n", writes, remaining);
  return 0;
}
