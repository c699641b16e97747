/* Single steps of a traced child; `require` ends the program where one goes wrong, and is defined before. */
#ifndef STEP_H
#define STEP_H

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define REFUSED 77 /* the exit code of a child that may not be traced */

/* One instruction further; not stopped by it any more: the child has ended. */
static void step(pid_t child) {
  int status;
  require(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0);
  require(waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
}

static void kill_stepped(pid_t child) {
  int status;
  kill(child, SIGKILL);
  do require(waitpid(child, &status, 0) == child);
  while (WIFSTOPPED(status));
  require(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#endif
