// The kernel's error numbers: name and text. The numbers are the same on x86-64 and aarch64.

/** number -> [name, text], as in errno(3). */
const table: Record<number, readonly [string, string]> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such object"],
  3: ["ESRCH", "no such process"],
  4: ["EINTR", "interrupted by a signal"],
  5: ["EIO", "input or output error"],
  6: ["ENXIO", "no such device or address"],
  9: ["EBADF", "bad file descriptor"],
  11: ["EAGAIN", "temporarily unavailable"],
  12: ["ENOMEM", "out of memory or address space"],
  13: ["EACCES", "permission denied"],
  14: ["EFAULT", "bad address"],
  16: ["EBUSY", "busy"],
  17: ["EEXIST", "it exists already"],
  19: ["ENODEV", "no such device, or it cannot be mapped"],
  20: ["ENOTDIR", "not a directory"],
  21: ["EISDIR", "is a directory"],
  22: ["EINVAL", "invalid argument"],
  23: ["ENFILE", "too many open files in the system"],
  24: ["EMFILE", "too many open files in this process"],
  25: ["ENOTTY", "inappropriate operation"],
  26: ["ETXTBSY", "text file busy"],
  27: ["EFBIG", "file too large"],
  28: ["ENOSPC", "no space left"],
  29: ["ESPIPE", "illegal seek"],
  30: ["EROFS", "read-only file system"],
  32: ["EPIPE", "the other side has closed"],
  34: ["ERANGE", "result out of range"],
  35: ["EDEADLK", "it would wait for ever"],
  36: ["ENAMETOOLONG", "name too long"],
  37: ["ENOLCK", "no locks available"],
  38: ["ENOSYS", "not supported by this kernel"],
  40: ["ELOOP", "a symbolic link in the way"],
  74: ["EBADMSG", "the shared bytes are not what they should be"],
  75: ["EOVERFLOW", "value too large"],
  87: ["EUSERS", "too many participants"],
  90: ["EMSGSIZE", "message too long"],
  95: ["EOPNOTSUPP", "operation not supported"],
  110: ["ETIMEDOUT", "timed out"],
  122: ["EDQUOT", "disk quota exceeded"],
  130: ["EOWNERDEAD", "the other side died"],
  131: ["ENOTRECOVERABLE", "state not recoverable"],
};

const numbers: Record<string, number> = {};
for (const [number, [name]] of Object.entries(table)) numbers[name] = Number(number);

/** `errno.EEXIST` is 17. */
export const errno: Readonly<Record<string, number>> = numbers;

/** The name and text of an error number; unknown numbers are named after themselves. */
export function describeErrno(number: number): readonly [string, string] {
  return table[number] ?? [`E${number}`, "unknown error"];
}
