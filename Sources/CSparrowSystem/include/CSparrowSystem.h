/// System calls that Swift cannot reach directly or that differ between systems, all in one file.
#pragma once
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
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

/// Processors that the calling thread and those that it starts may use.
int ss_processors(void);

/// The kernel's name, release and architecture, and the C library with its version; never NULL.
const char *ss_kernel(void);
const char *ss_library(void);

/// Asks for huge pages behind an anonymous map.
static inline void ss_advise_huge(void *memory, size_t bytes) {
#ifdef __linux__
  madvise(memory, bytes, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

/// From now on blocks of a megabyte and more go back to the system when they are freed. For programs
/// that run long: it costs such blocks their pages anew each time.
void ss_return_freed_memory(void);

/// Gives the system back what is freed now, small blocks too. Costs milliseconds.
void ss_trim_memory(void);

/// Gives the pages of a map back: a file's are read again when touched, anonymous ones become zero.
static inline void ss_release(void *memory, size_t bytes) { madvise(memory, bytes, MADV_DONTNEED); }

/// Starts reading a map's pages ahead.
static inline void ss_will_need(void *memory, size_t bytes) { madvise(memory, bytes, MADV_WILLNEED); }

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

/// Opens a file for reading; never waits, not even for a named pipe.
static inline int ss_open_read(const char *path) {
  return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/// Creates a file for writing; fails when there is one.
static inline int ss_create(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/// Makes a file's name durable: waits until its folder is on the disk. 0, or -1 on an error.
static inline int ss_sync_folder(const char *path) {
  int folder = open(path, O_RDONLY | O_CLOEXEC);
  if (folder < 0) return -1;
  int result = fsync(folder);
  close(folder);
  return result;
}

/// Maps `bytes` of a file for reading; NULL on an error.
static inline void *ss_map_file(int descriptor, size_t bytes) {
  void *memory = mmap(0, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (memory == MAP_FAILED) return 0;
#ifdef MADV_NOHUGEPAGE
  // Where the page cache keeps a file in huge pages, one fault maps two megabytes, and giving back
  // less than that keeps them resident: loading then peaked at the file's size too high.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
#endif
  return memory;
}

/// Maps `bytes` of zeroed memory whose pages arrive when first touched; NULL on an error.
static inline void *ss_map_memory(size_t bytes) {
  void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? 0 : memory;
}

// Files and folders.

/// What `path` names: 0 nothing, 1 a regular file, 2 a folder, 3 anything else. Follows links.
static inline int ss_path_kind(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return 0;
  return S_ISREG(info.st_mode) ? 1 : S_ISDIR(info.st_mode) ? 2 : 3;
}

/// True when `path` itself is a folder and no link to one.
static inline int ss_is_real_folder(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/// True when `path` itself is a link.
static inline int ss_is_link(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

/// True when another file system, or a part of one, is mounted at `path`: it cannot be renamed.
int ss_is_mount(const char *path);

/// Size of the file at `path` in bytes; -1 on an error.
static inline int64_t ss_path_size(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

/// Bytes that may still be written where `path` lies; -1 when the system does not say.
int64_t ss_free_bytes(const char *path);

/// Opens for appending, made for its owner alone if missing.
static inline int ss_open_private(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
}

/// Opens for writing, made if missing; `append` keeps what is there, else the file is emptied.
static inline int ss_open_write(const char *path, int append) {
  return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0644);
}

/// Takes an exclusive lock that goes with the descriptor; 0 when another process holds it.
static inline int ss_lock_file(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB) == 0; }

/// True when `path` still names the file behind the descriptor.
static inline int ss_is_file(int descriptor, const char *path) {
  struct stat open, named;
  return fstat(descriptor, &open) == 0 && stat(path, &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

/// The next name in an open folder, without "." and ".."; NULL at the end.
static inline const char *ss_next_entry(DIR *folder) {
  struct dirent *entry;
  while ((entry = readdir(folder)) != 0)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
  return 0;
}

// Other programs.

extern char **environ;

/// This process's environment, ended by NULL.
static inline char **ss_environment(void) { return environ; }

/// A pipe that programs started later do not inherit; 0 on success.
int ss_pipe(int ends[2]);

/// This process's arguments, its name first, where the system hands them to libraries; else `count`
/// is 0.
char **ss_arguments(int *count);

/// Starts the program `arguments[0]`, searched on the path, with three standard streams.
/// Returns 0 and the process's number, or an error number.
static inline int ss_spawn(
    char *const *arguments, char *const *environment, int in, int out, int err, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int status = posix_spawn_file_actions_init(&actions);
  if (status != 0) return status;
  status = posix_spawnattr_init(&attributes);
  if (status != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return status;
  }
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  status = posix_spawnp(process, arguments[0], &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}

/// A program's exit status as a shell gives it: 128 plus the signal when one ended it.
static inline int ss_exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Interrupts and the terminal.

/// From now on the first SIGINT or SIGTERM is only noted; a second one ends the process. Streams
/// that are closed are opened so that using them fails, and no file gets their numbers.
void ss_catch_interrupts(void);

/// The signal noted since `ss_catch_interrupts` or `ss_forget_interrupt`, 0 when none.
int ss_interrupted(void);

/// Forgets a noted SIGINT, so that the next one is a first one again.
void ss_forget_interrupt(void);

/// Waits until `descriptor` is ready for `events` of poll, `milliseconds` at most unless negative.
/// 1 when it is; 0 when time is up, a signal was noted or the terminal has another size; -1 on an
/// error.
int ss_await(int descriptor, short events, int milliseconds);

/// Size of the terminal behind `descriptor` in rows and columns, 24 and 80 where it does not know.
static inline void ss_terminal_size(int descriptor, int *rows, int *columns) {
  struct winsize size = {0, 0, 0, 0};
  ioctl(descriptor, TIOCGWINSZ, &size);
  *rows = size.ws_row > 0 ? size.ws_row : 24;
  *columns = size.ws_col > 0 ? size.ws_col : 80;
}

/// What the terminal behind standard input does with what is typed.
enum ss_terminal_mode {
  /// As it was found.
  SS_TERMINAL_FOUND,
  /// Nothing is shown and all is kept for later; Ctrl-C is still a signal.
  SS_TERMINAL_QUIET,
  /// Every key comes as it is pressed, Ctrl-C too, and pasted text in brackets.
  SS_TERMINAL_KEYS,
};

/// Sets the mode; whatever ends the process by a signal puts the terminal back first. 0, or -1 on
/// an error.
int ss_set_terminal_mode(enum ss_terminal_mode mode);

/// Folds `blocks` blocks of 64 bytes into a SHA-256 state (FIPS 180-4), by the processor's own
/// instructions where it has them, unless `portable`.
void ss_sha256(uint32_t state[8], const uint8_t *bytes, size_t blocks, bool portable);
