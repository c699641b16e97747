// The end of a latest value's writer, as readers are told of it: a death once, an orderly close until a successor comes.

import { PeerClosedError, PeerDiedError } from "../sys/error.ts";
import type { Role } from "./role.ts";

export class WriterEnd {
  readonly #role: Role;
  readonly #name: string;
  #told = 0;

  constructor(role: Role, name: string) {
    this.#role = role;
    this.#name = name;
  }

  /** Whom to watch: nobody, when the last one's death has been told. */
  get owner(): number {
    const owner = this.#role.owner;
    return owner === this.#told ? 0 : owner;
  }

  /** The error that ends a wait, or undefined while a writer lives or is still to come. */
  error(): PeerClosedError | PeerDiedError | undefined {
    const attempt = { syscall: "read", doing: `await the next value of ${this.#name}`, path: this.#name };
    if (this.#role.isClosed) return new PeerClosedError(attempt);
    const owner = this.owner;
    if (owner === 0 || !this.#role.isDead(owner)) return undefined;
    if (this.#role.owner !== owner) return undefined; // it closed in order, or was followed, while we looked
    this.#told = owner;
    return new PeerDiedError(attempt, this.#role.pidOf(owner));
  }
}
