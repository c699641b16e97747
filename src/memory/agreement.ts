// Agreement: an object that exists must be what its user asked for; what nobody asked for is taken as it is.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";

/** What an object is, by the names of the options that say it. */
export type Traits = Readonly<Record<string, number | boolean | string | undefined>>;

/** EINVAL with both values of every trait that was asked for and is another one. Undefined: it was not asked for. */
export function demandAgreement(noun: string, name: string, found: Traits, asked: Traits): void {
  const different = Object.keys(asked).filter((trait) => asked[trait] !== undefined && asked[trait] !== found[trait]);
  if (different.length === 0) return;
  const hint = `it exists with ${different.map((trait) => `${trait} ${found[trait]}, ${asked[trait]} asked`).join("; ")}`;
  throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `open ${noun} ${name}`, path: name, hint });
}
