#ifndef CPROCESS_H
#define CPROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* What starting and supervising programs needs of Linux and Swift cannot say: what happens between fork and exec, calls that take a
   variable number of arguments, and descriptors sent over a socket; and, when the process begins, by what steps its heap grows. Beside the descriptor of
   cprocess_child_signals nothing here keeps state. */

/* Starts a program in a session of its own, so that all that it starts can be found and ended together, with no signal blocked or ignored
   and no descriptor but its three streams. Where dies_with_thread is not 0, the kernel kills it when the calling thread ends.
   Returns its process id, or -1 with errno: that of the step before exec that failed, or of exec itself. */
pid_t cprocess_start(const char *path, char *const argv[], char *const envp[], const char *directory, const int streams[3],
                     int dies_with_thread);

/* From now on descendants whose parent has ended become children of this process. */
int cprocess_adopt_orphans(void);

/* From now on the descriptor it returns can be read when a child has ended: eight bytes. To be called once. */
int cprocess_child_signals(void);

/* A file in memory without a name, closed by exec. */
int cprocess_memory_file(void);

/* A pipe, both ends closed by exec; ends[0] gives EAGAIN where there is nothing to read. */
int cprocess_pipe(int ends[2]);

/* The same with ends that wait: for one that a program gets as its standard input, which it reads as any other. */
int cprocess_waiting_pipe(int ends[2]);

/* Holds a name on this machine until the descriptor it returns, and every copy of it, is closed, by whatever end of their processes. Closed by exec.
   Returns -1 with errno EADDRINUSE where another process holds it. At most 100 bytes. */
int cprocess_hold_name(const char *name);

/* Two connected sockets that keep the borders of messages, both closed by exec. */
int cprocess_socket_pair(int ends[2]);

/* Sends one message and up to four descriptors with it; never raises SIGPIPE. */
ssize_t cprocess_send(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);

/* Takes one message and the descriptors that came with it (at most four), closed by exec. Returns 0 where the other end is closed. */
ssize_t cprocess_receive(int socket, void *bytes, size_t count, int descriptors[4], int *descriptor_count);

#endif
