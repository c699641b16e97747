// The header of an object of this room: the words that say what it is, and by which layout.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { MAGIC, VERSION } from "./layout.ts";

/** What stands at the start of one kind of object. */
export interface HeaderKind {
  /** For messages. */
  readonly noun: string;
  readonly magic: number;
  readonly version: number;
  /** Bytes of its fixed part. */
  readonly leastBytes: number;
}

/** The shared bytes are not what they should be: EBADMSG. */
export function refuseHeader({ noun }: HeaderKind, name: string, hint: string): never {
  throw new IpcError(errno.EBADMSG, { syscall: "mmap", doing: `open ${noun} ${name}`, path: name, hint });
}

/** The bytes from the header on, or undefined where nothing has been laid yet. */
export function readHeader(buffer: ArrayBuffer, base: number, kind: HeaderKind, name: string): DataView | undefined {
  if (buffer.byteLength - base < kind.leastBytes) refuseHeader(kind, name, "the memory ends before it does");
  const view = new DataView(buffer, base);
  const magic = view.getUint32(MAGIC, true);
  if (magic === 0) return undefined;
  if (magic !== kind.magic) refuseHeader(kind, name, "the bytes there are something else");
  const version = view.getUint32(VERSION, true);
  if (version !== kind.version)
    refuseHeader(kind, name, `its layout is version ${version}, this one reads ${kind.version}`);
  return view;
}

/** What `read` finds, where something must be. */
export function mustFind<Geometry>(found: Geometry | undefined, kind: HeaderKind, name: string): Geometry {
  return found ?? refuseHeader(kind, name, "its header is empty");
}
