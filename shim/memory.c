/* Files, memory descriptors and mappings: each function is one system call. */
#include "internal.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* open(2), always O_CLOEXEC: a descriptor that leaks into a child keeps pipes and locks alive. */
LIPC_EXPORT int32_t lipc_open(double path, double flags, double mode) {
  return checked(open(TEXT(path), (int)flags | O_CLOEXEC, (mode_t)mode));
}

/* close(2). EINTR is success on Linux: the descriptor is gone. */
LIPC_EXPORT int32_t lipc_close(double fd) {
  int32_t result = checked(close((int)fd));
  return result == -EINTR ? 0 : result;
}

/* linkat(2): gives a file without a name (O_TMPFILE) its name, in one step. EEXIST when the name is taken. */
LIPC_EXPORT int32_t lipc_link_descriptor(double fd, double path) {
  char source[32];
  snprintf(source, sizeof source, "/proc/self/fd/%d", (int)fd);
  return checked(linkat(AT_FDCWD, source, AT_FDCWD, TEXT(path), AT_SYMLINK_FOLLOW));
}

/* unlink(2). */
LIPC_EXPORT int32_t lipc_unlink(double path) { return checked(unlink(TEXT(path))); }

/* fchmod(2): the mode as asked, whatever the umask says. */
LIPC_EXPORT int32_t lipc_fchmod(double fd, double mode) { return checked(fchmod((int)fd, (mode_t)mode)); }

/* setrlimit(2), RLIMIT_FSIZE: who makes a file longer than this gets EFBIG, and before it SIGXFSZ, which ends whoever has
 * no handler for it. The signal is sent to this thread; so it is blocked here meanwhile, and taken back unless one was
 * pending before. By number, with the kernel's own sets: those of the C libraries differ. */
#define SIGXFSZ_BIT ((uint64_t)1 << (SIGXFSZ - 1))

struct signals {
  uint64_t blocked, pending; /* before */
};

static struct signals hold_signals(uint64_t held) {
  struct signals before = {0, 0};
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &held, &before.blocked, sizeof held);
  syscall(SYS_rt_sigpending, &before.pending, sizeof before.pending);
  return before;
}

/* Takes back the SIGXFSZ that has come, if one has, and lets the others through. */
static void release_signals(const struct signals *before) {
  const uint64_t only = SIGXFSZ_BIT;
  const int64_t at_once[2] = {0, 0}; /* struct timespec */
  if (!(before->pending & only)) syscall(SYS_rt_sigtimedwait, &only, NULL, at_once, sizeof only);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before->blocked, NULL, sizeof before->blocked);
}

/* ftruncate(2). */
LIPC_EXPORT int32_t lipc_ftruncate(double fd, double size) {
  int32_t result;
  const struct signals before = hold_signals(SIGXFSZ_BIT);
  do
    result = checked(ftruncate((int)fd, (off_t)size));
  while (result == -EINTR);
  release_signals(&before);
  return result;
}

/* posix_fallocate(3): reserves space, so that a full file system is ENOSPC here and not SIGBUS later. No signal interrupts it:
 * tmpfs gives back all that it has reserved then (up to Linux 6.10), and a profiler's timer would have it begin anew for ever. */
LIPC_EXPORT int32_t lipc_fallocate(double fd, double offset, double size) {
  int32_t result;
  const struct signals before = hold_signals(~(uint64_t)0);
  do
    result = -posix_fallocate((int)fd, (off_t)offset, (off_t)size);
  while (result == -EINTR);
  release_signals(&before);
  return result;
}

/* fallocate(2), FALLOC_FL_KEEP_SIZE: as lipc_fallocate, but the file gets no longer. -EOPNOTSUPP where that cannot be had. */
LIPC_EXPORT int32_t lipc_preallocate(double fd, double offset, double size) {
  int32_t result;
  const struct signals before = hold_signals(~(uint64_t)0);
  do
    result = checked(syscall(SYS_fallocate, (int)fd, 1, (int64_t)offset, (int64_t)size));
  while (result == -EINTR);
  release_signals(&before);
  return result;
}

/* ioctl(2), FS_IOC_FIEMAP: bytes of the range that have blocks, written or not, also behind the file's end; or -errno.
 * lseek(2) takes those that were reserved, and not written, for holes. */
LIPC_EXPORT double lipc_allocated(double fd, double offset, double size) {
  union {
    struct fiemap about;
    uint8_t room[sizeof(struct fiemap) + 32 * sizeof(struct fiemap_extent)];
  } found;
  uint64_t at = (uint64_t)offset, sum = 0;
  const uint64_t end = at + (uint64_t)size;
  while (at < end) {
    found.about = (struct fiemap){.fm_start = at, .fm_length = end - at, .fm_extent_count = 32};
    if (ioctl((int)fd, FS_IOC_FIEMAP, &found) < 0) return -errno;
    if (found.about.fm_mapped_extents == 0) break;
    for (uint32_t index = 0; index < found.about.fm_mapped_extents; index++) {
      const struct fiemap_extent *extent = &found.about.fm_extents[index];
      const uint64_t behind = extent->fe_logical + extent->fe_length;
      const uint64_t from = extent->fe_logical > at ? extent->fe_logical : at, to = behind < end ? behind : end;
      if (to > from) sum += to - from;
      at = extent->fe_flags & FIEMAP_EXTENT_LAST ? end : behind;
    }
  }
  return (double)sum;
}

static int32_t tell(const struct stat *status, double *out) {
  out[0] = (double)status->st_size;
  out[1] = (double)status->st_mode;
  out[2] = (double)status->st_nlink;
  out[3] = (double)status->st_uid;
  out[4] = (double)status->st_dev;
  out[5] = (double)status->st_ino;
  return 0;
}

/* fstat(2) as doubles: size, mode, links, owner, device, inode. By number: glibc before 2.33 has no fstat. */
LIPC_EXPORT int32_t lipc_fstat(double fd, double result) {
  struct stat status;
  return syscall(SYS_fstat, (int)fd, &status) < 0 ? -errno : tell(&status, POINTER(result));
}

/* lstat(2), as fstat. */
LIPC_EXPORT int32_t lipc_lstat(double path, double result) {
  struct stat status;
  long found = syscall(SYS_newfstatat, AT_FDCWD, TEXT(path), &status, AT_SYMLINK_NOFOLLOW);
  return found < 0 ? -errno : tell(&status, POINTER(result));
}

/* statfs(2) as doubles: total bytes, bytes free to this user, kind. Root may also take what is kept for it. */
LIPC_EXPORT int32_t lipc_statfs(double path, double result) {
  struct statfs status;
  if (statfs(TEXT(path), &status) < 0) return -errno;
  double *out = POINTER(result);
  out[0] = (double)status.f_blocks * (double)status.f_bsize;
  out[1] = (double)(syscall(SYS_geteuid) == 0 ? status.f_bfree : status.f_bavail) * (double)status.f_bsize;
  out[2] = (double)(uint32_t)status.f_type;
  return 0;
}

/* memfd_create(2), by number: older C libraries have no wrapper. */
LIPC_EXPORT int32_t lipc_memfd_create(double name, double flags) {
  return checked(syscall(SYS_memfd_create, TEXT(name), (unsigned)flags));
}

/* fcntl(2), F_ADD_SEALS. */
LIPC_EXPORT int32_t lipc_add_seals(double fd, double seals) {
  return checked(fcntl((int)fd, F_ADD_SEALS, (int)seals));
}

/* fcntl(2), F_GET_SEALS: the seals, or -EINVAL where the file cannot have any. */
LIPC_EXPORT int32_t lipc_get_seals(double fd) { return checked(fcntl((int)fd, F_GET_SEALS)); }

/* mmap(2): the address, or -errno. */
LIPC_EXPORT double lipc_mmap(double address, double length, double protection, double flags, double fd,
                             double offset) {
  void *mapping = mmap(POINTER(address), (size_t)length, (int)protection, (int)flags, (int)fd, (off_t)offset);
  if (mapping == MAP_FAILED && errno == ENOMEM) {
    vacant_release();
    mapping = mmap(POINTER(address), (size_t)length, (int)protection, (int)flags, (int)fd, (off_t)offset);
  }
  return mapping == MAP_FAILED ? -errno : (double)(uintptr_t)mapping;
}

/* munmap(2). */
LIPC_EXPORT int32_t lipc_munmap(double address, double length) {
  return checked(munmap(POINTER(address), (size_t)length));
}

static int32_t lock_byte(int fd, int command, short type, double offset) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
  return checked(fcntl(fd, command, &lock));
}

/* fcntl(2), F_OFD_SETLK or F_OFD_SETLKW: a write lock on one byte, dropped by the kernel when its holder dies. */
LIPC_EXPORT int32_t lipc_lock_byte(double fd, double offset, double wait) {
  int32_t result;
  do
    result = lock_byte((int)fd, wait != 0 ? F_OFD_SETLKW : F_OFD_SETLK, F_WRLCK, offset);
  while (result == -EINTR);
  return result;
}

LIPC_EXPORT int32_t lipc_unlock_byte(double fd, double offset) {
  return lock_byte((int)fd, F_OFD_SETLK, F_UNLCK, offset);
}
