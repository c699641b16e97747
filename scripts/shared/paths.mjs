// Where the parts of the project lie on disk.
import { fileURLToPath } from "node:url";

/** The checkout's directory, with a slash at its end. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** An absolute path from one that is relative to the checkout. */
export const inProject = (path) => root + path;
