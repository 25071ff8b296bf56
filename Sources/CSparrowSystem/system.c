#include "CSparrowSystem.h"

static volatile sig_atomic_t noted_signal = 0;

static void note_signal(int signal) { noted_signal = signal; }

void ss_catch_interrupts(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_signal;
  // No SA_RESTART: a blocking read returns, so that the program sees the interrupt at once.
  action.sa_flags = (int)SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, 0);
  sigaction(SIGTERM, &action, 0);
}

int ss_interrupted(void) { return noted_signal; }
