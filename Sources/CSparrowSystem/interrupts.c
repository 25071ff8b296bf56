#include "CSparrowSystem.h"

// A byte for each signal, so that a wait that begins just after one ends too.
static int wake_ends[2] = {-1, -1};
static volatile sig_atomic_t noted_signal = 0;

static struct termios found_modes;
static volatile sig_atomic_t terminal_mode = SS_TERMINAL_FOUND;

static const char brackets_on[] = "\x1b[?2004h", brackets_off[] = "\x1b[?2004l";

static void tell(int descriptor, const char *bytes, size_t count) {
  ssize_t written = write(descriptor, bytes, count);
  (void)written;
}

static void wake(void) {
  int error = errno;
  tell(wake_ends[1], "", 1);
  errno = error;
}

/// Calls only what POSIX allows in signal handlers.
static int apply_mode(enum ss_terminal_mode mode) {
  struct termios modes = found_modes;
  if (mode != SS_TERMINAL_FOUND) {
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
  }
  if (mode == SS_TERMINAL_KEYS) {
    modes.c_lflag &= ~(tcflag_t)(ISIG | IEXTEN);
    modes.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | ISTRIP);
  }
  while (tcsetattr(0, TCSANOW, &modes) != 0)
    if (errno != EINTR) return -1;
  if (mode == SS_TERMINAL_KEYS) tell(2, brackets_on, sizeof brackets_on - 1);
  return 0;
}

static void leave_mode(void) {
  if (terminal_mode == SS_TERMINAL_KEYS) tell(2, brackets_off, sizeof brackets_off - 1);
  apply_mode(SS_TERMINAL_FOUND);
}

/// What the signal does by itself, with the terminal as it was found; the mode comes back with the
/// process.
static void do_default(int signal) {
  int mode = terminal_mode;
  if (mode != SS_TERMINAL_FOUND) leave_mode();
  struct sigaction own, plain;
  memset(&plain, 0, sizeof plain);
  plain.sa_handler = SIG_DFL;
  sigaction(signal, &plain, &own);
  raise(signal);
  sigaction(signal, &own, 0);
  if (mode != SS_TERMINAL_FOUND) apply_mode(mode);
  wake();
}

static void note_signal(int signal) {
  // While a terminal is in use, Ctrl-C is a word to the program however often it is pressed.
  if (noted_signal != 0 && !(signal == SIGINT && terminal_mode != SS_TERMINAL_FOUND))
    do_default(signal);
  if (noted_signal != SIGTERM) noted_signal = signal;
  wake();
}

static void note_size(int signal) {
  (void)signal;
  wake();
}

static void handle(int signal, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  // No SA_RESTART: a blocking call returns, so that the program sees the interrupt at once.
  // SA_NODEFER: a handler raises its own signal.
  action.sa_flags = (int)SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, 0);
}

void ss_catch_interrupts(void) {
  for (int stream = 0; stream < 3; stream++) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    int opened = open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != stream) close(opened);
  }
  if (ss_pipe(wake_ends) == 0)
    for (int end = 0; end < 2; end++) fcntl(wake_ends[end], F_SETFL, O_NONBLOCK);
  handle(SIGINT, note_signal);
  handle(SIGTERM, note_signal);
}

int ss_interrupted(void) { return noted_signal; }

void ss_forget_interrupt(void) {
  if (noted_signal == SIGINT) noted_signal = 0;
}

int ss_await(int descriptor, short events, int milliseconds) {
  if (noted_signal != 0) return 0;
  struct pollfd sets[2] = {{descriptor, events, 0}, {wake_ends[0], POLLIN, 0}};
  if (poll(sets, 2, milliseconds) < 0) return errno == EINTR ? 0 : -1;
  if (sets[1].revents != 0) {
    char bytes[64];
    while (read(wake_ends[0], bytes, sizeof bytes) == sizeof bytes) {
    }
    return 0;
  }
  return sets[0].revents != 0;
}

static bool is_watched = false;

static void restore_terminal(void) { ss_set_terminal_mode(SS_TERMINAL_FOUND); }

int ss_set_terminal_mode(enum ss_terminal_mode mode) {
  if ((int)terminal_mode == (int)mode) return 0;
  if (terminal_mode == SS_TERMINAL_FOUND) {
    if (tcgetattr(0, &found_modes) != 0) return -1;
    const int ending[] = {SIGHUP, SIGQUIT, SIGTSTP};
    for (int i = 0; i < 3; i++) {
      struct sigaction found;
      // What nohup ignores stays ignored.
      if (sigaction(ending[i], 0, &found) == 0 && found.sa_handler != SIG_IGN)
        handle(ending[i], do_default);
    }
    if (!is_watched) {
      atexit(restore_terminal);
      handle(SIGWINCH, note_size);
      is_watched = true;
    }
  } else if (terminal_mode == SS_TERMINAL_KEYS) {
    tell(2, brackets_off, sizeof brackets_off - 1);
  }
  // First the mode, then its name: a signal in between puts back what is not yet changed, which is
  // harmless.
  int result = apply_mode(mode);
  if (result == 0) terminal_mode = mode;
  return result;
}
