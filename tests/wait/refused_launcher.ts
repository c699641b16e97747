// A C program that runs another one without some system calls, as the profile of a container would.

/** Runs a program without some system calls: NUMBER=ERRNO ... -- PROGRAM ..., as a container's profile would. */
export const launcher = `
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int number(const char *name) {
  if (!strcmp(name, "futex_waitv")) return 449;
  if (!strcmp(name, "membarrier")) return SYS_membarrier;
  if (!strcmp(name, "set_robust_list")) return SYS_set_robust_list;
  exit(90);
}

int main(int count, char **words) {
  struct sock_filter program[64] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
  unsigned short length = 1;
  int at = 1;
  for (; at < count && strcmp(words[at], "--"); at++) {
    char *equals = strchr(words[at], '=');
    *equals = 0;
    int answer = !strcmp(equals + 1, "EPERM") ? EPERM : !strcmp(equals + 1, "EACCES") ? EACCES : ENOSYS;
    program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number(words[at]), 0, 1);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)answer);
  }
  program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog filter = {length, program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) return 91;
  execv(words[at + 1], words + at + 1);
  return 92;
}
`;
