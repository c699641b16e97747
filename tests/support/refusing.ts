// Refusing: a program that runs another one where some system calls fail, as a seccomp profile makes them.

import { compileC } from "./compile.ts";

const profile = (calls: readonly string[]) => `
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#define CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, refuse)
int main(int count, char **parameters) {
  unsigned refuse = SECCOMP_RET_ERRNO | (unsigned)atoi(parameters[1]);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      ${calls.map((call) => `CALL(${call})`).join(", ")},
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 70;
  execv(parameters[2], parameters + 2);
  return count ? 71 : 72;
}`;

/** The wrapper of a peer in which these calls fail with this errno. */
export function refusing(calls: readonly string[], number: number): string[] {
  return [compileC(profile(calls)), String(number)];
}
