// DescriptorWatch: tells the event loop once when a descriptor has become ready.

import { descriptorAdd, descriptorRemove } from "../sys/descriptor.ts";
import { check, startingThread } from "../sys/error.ts";
import { register, unregister } from "./registry.ts";

/** From its making until `close`, which must come before the descriptor is closed. Does not keep the process alive. */
export class DescriptorWatch {
  readonly #id: number;
  readonly #handle: number;
  readonly #callback: () => void;

  /** `events` as in poll(2). */
  constructor(fd: number, events: number, callback: () => void) {
    this.#callback = callback;
    this.#id = register(this);
    const result = descriptorAdd(fd, events, this.#id);
    if (result < 0) unregister(this.#id);
    const attempt = () => ({ syscall: "epoll_ctl", doing: `watch descriptor ${fd}` });
    this.#handle = check(result, () => startingThread(result, attempt()));
  }

  /** For the registry only. */
  fire(): void {
    this.#callback();
  }

  close(): void {
    if (unregister(this.#id)) descriptorRemove(this.#handle);
  }
}
