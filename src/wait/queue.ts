// Queue: first come, first served, however many come.

/** In longer arrays shift() moves all that stand behind, which takes V8 100 us where they are tens of thousands. */
const SHIFTED_MOST = 1024;

/** An array whose first items may be gone: the rest moves up when they are half of it. */
export class Queue<T> {
  // `private`, not #private: see D34
  private items: (T | undefined)[] = [];
  private start = 0;

  get size(): number {
    return this.items.length - this.start;
  }

  get first(): T | undefined {
    return this.items[this.start];
  }

  add(item: T): void {
    this.items.push(item);
  }

  /** Takes the first one out. */
  shift(): void {
    const { items } = this;
    if (this.start === 0 && items.length <= SHIFTED_MOST) {
      items.shift();
      return;
    }
    if (this.start === items.length) return;
    items[this.start] = undefined;
    this.start++;
    if (2 * this.start < items.length) return;
    items.splice(0, this.start);
    this.start = 0;
  }

  /** Takes it out, wherever it stands: how many stood before it, or -1 where it was not there. */
  remove(item: T): number {
    const index = this.items.indexOf(item, this.start);
    if (index < 0) return -1;
    const before = index - this.start;
    if (before === 0) this.shift();
    else this.items.splice(index, 1);
    return before;
  }

  /** Takes all out. */
  clear(): T[] {
    const all = this.items.slice(this.start) as T[];
    this.items = [];
    this.start = 0;
    return all;
  }
}
