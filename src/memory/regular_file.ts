// Regular files of a path: opened without waiting, without following a link, and nothing else than a file.

import { dirname, isAbsolute } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fsync, syncFileRange } from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { isUrl } from "../sys/realm.ts";
import { accessHint } from "./refusal.ts";

/** The path of a string or a file: URL. */
export function checkPath(path: unknown): string {
  const text = isUrl(path) ? fileURLToPath(path.href) : path;
  if (typeof text !== "string") throw new TypeError(`the path must be a string or a file: URL, not ${typeof text}`);
  if (text === "") throw new RangeError("the path must not be empty");
  if (text.includes("\0")) throw new TypeError("the path must not hold a NUL character");
  return text;
}

/** The size of an open file, which must be a regular one. */
export function regularSize(fd: number, attempt: () => Attempt): number {
  const status = sys.fstat(fd);
  if (typeof status === "number") throw new IpcError(-status, { ...attempt(), syscall: "fstat" });
  const type = status.mode & sys.S_IFMT;
  if (type === sys.S_IFDIR) throw new IpcError(errno.EISDIR, attempt());
  if (type !== sys.S_IFREG) throw new IpcError(errno.ENODEV, { ...attempt(), hint: "it is not a regular file" });
  return status.size;
}

/** Opens an existing file, not waiting for the other end of a FIFO; the descriptor, and its size at this moment. */
export function openRegular(path: string, readOnly: boolean, attempt: () => Attempt): { fd: number; size: number } {
  const fd = sys.open(path, (readOnly ? sys.O_RDONLY : sys.O_RDWR) | sys.O_NOFOLLOW | sys.O_NONBLOCK, 0);
  const link = "links are not followed: pass the path that it leads to, see fs.realpathSync";
  const hint = () => (fd === -errno.ELOOP ? link : accessHint(fd, path, !readOnly));
  check(fd, () => ({ ...attempt(), hint: hint() }));
  try {
    return { fd, size: regularSize(fd, attempt) };
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/**
 * The directory of a path, good also when the process has gone elsewhere. Not path.resolve: what stands before a ".." may
 * be a link. Throws where the path is relative and the process's own directory has been removed: ask before anything is done.
 */
export function directoryOf(path: string): string {
  return dirname(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
}

/** An open file, and where its name stands. */
interface NamedFile {
  readonly fd: number;
  readonly directory: string;
  /** Whether this process has given it the name. */
  readonly created: boolean;
}

/** Why the directory of a file that existed cannot be opened: it may be searched, not read, or stands elsewhere now. */
const outOfReach = [errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR];

/**
 * Writes the directory of a file to disk: until then a power loss may take a new file's name. One that has lost its name
 * has none to lose. Nobody knows whether one that existed is new; where its directory is out of reach, it counts as old.
 */
export function syncDirectory({ fd: file, directory, created }: NamedFile, attempt: () => Attempt): void {
  const status = sys.fstat(file);
  if (typeof status === "object" && status.links === 0) return;
  const fd = sys.open(directory, sys.O_RDONLY, 0);
  if (!created && outOfReach.includes(-fd)) return;
  const hint = `its bytes are on the disk, but not its name: ${directory} cannot be opened`;
  check(fd, () => ({ ...attempt(), syscall: "open", hint }));
  const result = fsync(fd);
  sys.close(fd);
  if (result !== -errno.EINVAL) check(result, () => ({ ...attempt(), syscall: "fsync" })); // some cannot be synced
}

/** MS_ASYNC alone does nothing on Linux, whose kernel writes when it likes. Where this is refused, it still does. */
export function startWriting(fd: number, offset: number, length: number, attempt: () => Attempt): void {
  const result = syncFileRange(fd, offset, length);
  const isFailure = [errno.EIO, errno.ENOSPC, errno.EDQUOT].includes(-result);
  if (isFailure) check(result, () => ({ ...attempt(), syscall: "sync_file_range" }));
}
