// Names of objects and the files they stand for.

/** Where named objects live: shm_open(3) of C sees the same files. */
export const DIRECTORY = "/dev/shm";

const PATTERN = /^\/?([A-Za-z0-9._-]{1,200})$/;

/** The file of a name. The leading slash of POSIX is optional; anything that could leave the directory is refused. */
export function objectPath(name: unknown): string {
  if (typeof name !== "string") throw new TypeError(`a name must be a string, not ${typeof name}`);
  const bare = PATTERN.exec(name)?.[1];
  if (bare === undefined || bare === "." || bare === "..") {
    throw new RangeError(
      `the name ${JSON.stringify(name)} is not 1 to 200 of A-Z a-z 0-9 . _ - with an optional leading slash`,
    );
  }
  return `${DIRECTORY}/${bare}`;
}
