// What Rust's std for wasm32-wasip2 expects of a C library and Debian 12's wasi-libc (2022) lacks.
// Sockets, names and threads fail with a plain error: skills reach the network through wasi:http and
// wasi:sockets bindings, not through here. Every symbol is weak, so a newer wasi-libc wins.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define WEAK __attribute__((weak))
#define REFUSE(type, name, args, error) \
  WEAK type name args { errno = error; return -1; }

REFUSE(int, socket, (int domain, int type, int protocol), EAFNOSUPPORT)
REFUSE(int, bind, (int fd, const void *address, unsigned len), ENOTSUP)
REFUSE(int, connect, (int fd, const void *address, unsigned len), ENOTSUP)
REFUSE(int, listen, (int fd, int backlog), ENOTSUP)
REFUSE(int, getpeername, (int fd, void *address, void *len), ENOTSUP)
REFUSE(int, getsockname, (int fd, void *address, void *len), ENOTSUP)
REFUSE(int, setsockopt, (int fd, int level, int name, const void *value, unsigned len), ENOTSUP)
REFUSE(ssize_t, recvfrom, (int fd, void *data, size_t len, int flags, void *from, void *from_len), ENOTSUP)
REFUSE(ssize_t, sendto, (int fd, const void *data, size_t len, int flags, const void *to, unsigned to_len), ENOTSUP)

#define EAI_FAIL_ -4
WEAK int getaddrinfo(const char *node, const char *service, const void *hints, void **out) { return EAI_FAIL_; }
WEAK void freeaddrinfo(void *list) {}
WEAK const char *gai_strerror(int code) { return "names can't be resolved here"; }

// WASI files have no modes.
WEAK int chmod(const char *path, mode_t mode) { return 0; }
WEAK int fchmod(int fd, mode_t mode) { return 0; }

WEAK int pthread_attr_init(void *attr) { return 0; }
WEAK int pthread_attr_destroy(void *attr) { return 0; }
WEAK int pthread_attr_setstacksize(void *attr, size_t size) { return 0; }
WEAK int pthread_create(void *thread, const void *attr, void *(*start)(void *), void *arg) { return EAGAIN; }
WEAK int pthread_detach(void *thread) { return ENOTSUP; }
WEAK int pthread_join(void *thread, void **value) { return ENOTSUP; }

// Appends the names of `path` to the absolute path in `out`, taking `.` and `..` away. 0 if it is too long.
static size_t append_normalised(char *out, size_t len, size_t max, const char *path) {
  while (*path) {
    path += strspn(path, "/");
    size_t name = strcspn(path, "/");
    if (name == 2 && path[0] == '.' && path[1] == '.') {
      while (len > 0 && out[--len] != '/') continue;
    } else if (name > 0 && !(name == 1 && path[0] == '.')) {
      if (len + 1 + name + 1 > max) return 0;
      out[len++] = '/';
      memcpy(out + len, path, name);
      len += name;
    }
    path += name;
  }
  if (len == 0) out[len++] = '/';
  return len;
}

// Without links: the name made absolute, if something is there.
WEAK char *realpath(const char *path, char *resolved) {
  char whole[PATH_MAX];
  size_t len = 0;
  struct stat found;
  if (!path || !*path) {
    errno = path ? ENOENT : EINVAL;
    return NULL;
  }
  if (*path != '/') {
    if (!getcwd(whole, sizeof whole)) return NULL;
    len = strlen(whole);
    if (len == 1) len = 0;
  }
  len = append_normalised(whole, len, sizeof whole, path);
  if (len == 0) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  whole[len] = 0;
  if (stat(whole, &found)) return NULL;
  return resolved ? strcpy(resolved, whole) : strdup(whole);
}
