// PeerEnd: how the holder of the other side's role ends, as this side is told of it.

import { type Attempt, PeerClosedError, PeerDiedError } from "../sys/error.ts";
import type { Role } from "./role.ts";

/** Tells of a death once, of an orderly close as long as nobody has followed. */
export class PeerEnd {
  readonly #role: Role;
  #found = 0;
  #told = 0;

  constructor(role: Role) {
    this.#role = role;
  }

  /** Whom to watch: nobody, when the last one's death has been told and no successor is coming. */
  get watched(): number {
    return this.#role.watched(this.#told);
  }

  get isClosed(): boolean {
    return this.#role.isClosed;
  }

  /** The error that ends a wait, or undefined while the other side lives or is still to come; `tell`, then throw it. */
  error(attempt: Attempt): PeerClosedError | PeerDiedError | undefined {
    if (this.#role.isClosed) return new PeerClosedError(attempt);
    const { owner } = this.#role;
    if (owner === 0 || owner === this.#told || !this.#role.isDead(owner)) return undefined;
    if (this.#role.owner !== owner) return undefined; // it closed in order, or was followed, while we looked
    this.#found = owner;
    return new PeerDiedError(attempt, this.#role.pidOf(owner));
  }

  /** The error is being thrown: this death need not be told again. */
  tell(): void {
    this.#told = this.#found;
  }
}
