#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Between fork and exec only calls that may be made in a signal handler: other threads may have held any lock. */
static void become(const char *path, char *const argv[], char *const envp[], const char *directory, const int streams[3],
                   int dies_with_thread, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) {
    signal(number, SIG_DFL);
  }
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (setsid() < 0) return;
  if (dies_with_thread) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return;
    /* It may have ended before that was set. */
    if (getppid() != parent) _exit(127);
  }
  int moved[3];
  /* Out of the way first: a stream may have the number of another one. */
  for (int number = 0; number < 3; number++) {
    moved[number] = fcntl(streams[number], F_DUPFD_CLOEXEC, 3);
    if (moved[number] < 0) return;
  }
  for (int number = 0; number < 3; number++) {
    if (dup2(moved[number], number) < 0) return;
  }
  /* Marked, not closed: the pipe for errno is still needed, and closes itself at exec. */
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
    for (int number = 3; number < 1024; number++) fcntl(number, F_SETFD, FD_CLOEXEC);
  }
  if (chdir(directory) < 0) return;
  execve(path, argv, envp);
}

pid_t cprocess_start(const char *path, char *const argv[], char *const envp[], const char *directory, const int streams[3],
                     int dies_with_thread) {
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) < 0) return -1;
  /* Where a stream of ours is closed, the pipe may have got its number, and dup2 would destroy it. */
  int report = fcntl(failure[1], F_DUPFD_CLOEXEC, 3);
  close(failure[1]);
  pid_t parent = getpid();
  sigset_t all, before;
  sigfillset(&all);
  /* No handler of ours may run in the child before its handlers are reset. */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = report < 0 ? -1 : fork();
  if (pid == 0) {
    become(path, argv, envp, directory, streams, dies_with_thread, parent);
    int number = errno;
    ssize_t written = write(report, &number, sizeof number);
    (void)written;
    _exit(127);
  }
  int number = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (report >= 0) close(report);
  if (pid > 0) {
    int reported = 0;
    ssize_t count;
    do count = read(failure[0], &reported, sizeof reported);
    while (count < 0 && errno == EINTR);
    if (count == sizeof reported) {
      number = reported;
      pid = -1;
    }
  }
  close(failure[0]);
  errno = number;
  return pid;
}

int cprocess_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

static int ends_of_children = -1;

static void note_end_of_child(int number) {
  (void)number;
  int before = errno;
  uint64_t one = 1;
  ssize_t written = write(ends_of_children, &one, sizeof one);
  (void)written;
  errno = before;
}

int cprocess_child_signals(void) {
  /* A handler, and no signalfd: that misses a signal which the kernel gives to a thread that does not block it. */
  ends_of_children = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action = {.sa_handler = note_end_of_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
  sigemptyset(&action.sa_mask);
  if (ends_of_children >= 0) sigaction(SIGCHLD, &action, NULL);
  return ends_of_children;
}

int cprocess_memory_file(void) { return memfd_create("runbook", MFD_CLOEXEC); }

int cprocess_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int cprocess_waiting_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cprocess_hold_name(const char *name) {
  /* An abstract address: it begins with a zero byte, lies in no directory, and goes with its last descriptor. */
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  if (length > 100) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path + 1, name, length);
  int held = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (held < 0) return -1;
  if (bind(held, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length) == 0) return held;
  int number = errno;
  close(held);
  errno = number;
  return -1;
}

int cprocess_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

union ancillary {
  struct cmsghdr header;
  char space[CMSG_SPACE(4 * sizeof(int))];
};

ssize_t cprocess_send(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
  union ancillary ancillary;
  memset(&ancillary, 0, sizeof ancillary);
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptor_count > 0 && descriptor_count <= 4) {
    size_t size = descriptor_count * sizeof(int);
    message.msg_control = ancillary.space;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), descriptors, size);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

ssize_t cprocess_receive(int socket, void *bytes, size_t count, int descriptors[4], int *descriptor_count) {
  union ancillary ancillary;
  struct iovec part = {.iov_base = bytes, .iov_len = count};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary.space, .msg_controllen = sizeof ancillary.space};
  *descriptor_count = 0;
  ssize_t received;
  do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received <= 0) return received;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int found = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (int index = 0; index < found && *descriptor_count < 4; index++) {
      memcpy(&descriptors[(*descriptor_count)++], CMSG_DATA(header) + index * sizeof(int), sizeof(int));
    }
  }
  return received;
}

#ifdef __GLIBC__
/* A plan is many small objects, most of which stay. The heap of a thread grows by a call that costs more than filling what it gains; with room to
   spare there are few of them. Untouched room is no memory. */
__attribute__((constructor)) static void grow_in_large_steps(void) { mallopt(M_TOP_PAD, 16 << 20); }
#endif
