/// System calls that Swift cannot reach directly or that differ between systems, all in one file.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

static inline int ss_errno(void) { return errno; }

/// The processor's hint that this thread is spinning.
static inline void ss_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Sleeps while `*word == expected`; wakes by `ss_wake_all`, and sometimes for no reason.
static inline void ss_wait(uint32_t *word, uint32_t expected) {
#ifdef __linux__
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, 0, 0, 0);
#else
  (void)word;
  (void)expected;
  struct timespec pause = {0, 50000};
  nanosleep(&pause, 0);
#endif
}

static inline void ss_wake_all(uint32_t *word) {
#ifdef __linux__
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
#else
  (void)word;
#endif
}

/// Pins the calling thread to the `index`-th processor that this process may use, if the system can.
static inline void ss_pin_thread(int index) {
#ifdef __linux__
  cpu_set_t allowed, one;
  if (sched_getaffinity(getpid(), sizeof allowed, &allowed) != 0) return;
  int count = CPU_COUNT(&allowed);
  if (count <= 1) return;
  int left = index % count;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    return;
  }
#else
  (void)index;
#endif
}

/// Processors that this process may use.
static inline int ss_processors(void) {
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(getpid(), sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

/// Asks for huge pages behind an anonymous map.
static inline void ss_advise_huge(void *memory, size_t bytes) {
#ifdef __linux__
  madvise(memory, bytes, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

/// Gives the pages of a map back: a file's are read again when touched, anonymous ones become zero.
static inline void ss_release(void *memory, size_t bytes) { madvise(memory, bytes, MADV_DONTNEED); }

/// Starts reading a map's pages ahead.
static inline void ss_will_need(void *memory, size_t bytes) { madvise(memory, bytes, MADV_WILLNEED); }

/// Peak resident set of this process in bytes.
static inline int64_t ss_peak_resident(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
  return usage.ru_maxrss;
#else
  return usage.ru_maxrss * 1024;
#endif
}

/// Monotonic time in nanoseconds.
static inline int64_t ss_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Columns of the terminal behind `descriptor`; 0 when it is none.
static inline int ss_terminal_columns(int descriptor) {
  struct winsize size;
  if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col > 0 ? size.ws_col : 80;
}

/// Size of an open regular file in bytes; -1 on an error, -2 when it is no regular file.
static inline int64_t ss_file_size(int descriptor) {
  struct stat info;
  if (fstat(descriptor, &info) != 0) return -1;
  return S_ISREG(info.st_mode) ? (int64_t)info.st_size : -2;
}

static inline int ss_open_read(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

/// Maps `bytes` of a file for reading; NULL on an error.
static inline void *ss_map_file(int descriptor, size_t bytes) {
  void *memory = mmap(0, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  return memory == MAP_FAILED ? 0 : memory;
}

/// Maps `bytes` of zeroed memory whose pages arrive when first touched; NULL on an error.
static inline void *ss_map_memory(size_t bytes) {
  void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? 0 : memory;
}
