// Affinity and pipes need the GNU names, which change the system headers that Swift imports: they stay in here.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#include <malloc.h>
#endif

#include "CSparrowSystem.h"

int ss_processors(void) {
#ifdef __linux__
  // The kernel refuses a set that is smaller than its own.
  for (int size = CPU_SETSIZE; size <= 1 << 16; size *= 2) {
    cpu_set_t *allowed = CPU_ALLOC(size);
    if (!allowed) break;
    size_t bytes = CPU_ALLOC_SIZE(size);
    int count = sched_getaffinity(0, bytes, allowed) == 0 ? CPU_COUNT_S(bytes, allowed) : 0;
    CPU_FREE(allowed);
    if (count > 0) return count;
  }
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

const char *ss_kernel(void) {
  static char text[256];
  struct utsname names;
  if (uname(&names) != 0) return "unknown kernel";
  snprintf(text, sizeof text, "%.60s %.100s %.60s", names.sysname, names.release, names.machine);
  return text;
}

const char *ss_library(void) {
#ifdef __GLIBC__
  static char text[64];
  snprintf(text, sizeof text, "glibc %.40s", gnu_get_libc_version());
  return text;
#elif defined(__APPLE__)
  return "libSystem";
#else
  return "another C library";
#endif
}

int64_t ss_free_bytes(const char *path) {
  struct statvfs info;
  return statvfs(path, &info) == 0 ? (int64_t)info.f_bavail * (int64_t)info.f_frsize : -1;
}

void ss_return_freed_memory(void) {
#ifdef __GLIBC__
  // Left alone, glibc takes the size of each large block that is freed for usual, and keeps what
  // follows in its arenas, where small blocks pin it.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

void ss_trim_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

int ss_pipe(int ends[2]) {
#ifdef __linux__
  return pipe2(ends, O_CLOEXEC);
#else
  if (pipe(ends) != 0) return -1;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

int ss_is_mount(const char *path) {
#ifdef __linux__
  struct statx info;
  return statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &info) == 0 &&
      (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
  (void)path;
  return 0;
#endif
}

#ifdef __GLIBC__
static int argument_count;
static char **argument_values;

// glibc hands a program's arguments to its constructors too.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
  argument_count = count;
  argument_values = values;
}

char **ss_arguments(int *count) {
  *count = argument_count;
  return argument_values;
}
#else
char **ss_arguments(int *count) {
  *count = 0;
  return 0;
}
#endif
