// Dependents: objects that lie over a memory of this process, and must close before it goes.

export class Dependents {
  readonly #actions = new Map<object, () => void>();

  add(dependent: object, close: () => void): void {
    this.#actions.set(dependent, close);
  }

  delete(dependent: object): void {
    this.#actions.delete(dependent);
  }

  /** The last one first: a table of participants comes before the objects that use it. */
  close(): void {
    for (const close of [...this.#actions.values()].reverse()) close();
  }
}
