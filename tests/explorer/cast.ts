// The cast of a play: users of one object, each in a process of its own, and the scene that they play in.

import { Kernel, type Process } from "./kernel.ts";

/** One user; what it knows to hold is for its object's own class. */
export class Actor {
  readonly process: Process;
  readonly #kernel: Kernel;
  /** It awaits something, or is amid a call: what it has, only the words know. */
  isBusy = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.process = kernel.start();
  }

  get isIdle(): boolean {
    return !this.isBusy && !this.process.isDead;
  }

  /** Does something that may wait. */
  busily(life: () => Promise<unknown>): void {
    this.isBusy = true;
    this.#kernel.live(() => life().then(() => Object.assign(this, { isBusy: false })));
  }
}

/** The users of one object on a kernel of their own. */
export abstract class Cast<User extends Actor> {
  readonly kernel = new Kernel();
  readonly users: User[] = [];
  #third: User | undefined;

  protected abstract make(): User;

  start(): User {
    const user = this.make();
    this.users.push(user);
    return user;
  }

  /** One who comes when two are there. */
  get third(): User {
    this.#third ??= this.start();
    return this.#third;
  }
}
