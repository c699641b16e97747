// Watches for stalls: the longest time in which nothing was processed although both sides were there.

const LOOK_EVERY_MS = 3;

export class StallWatch {
  readonly #timer: ReturnType<typeof setInterval>;
  #since = performance.now();
  #count = -1;
  longestMs = 0;

  constructor(areThere: () => boolean, processed: () => number) {
    this.#timer = setInterval(() => {
      const [now, count] = [performance.now(), processed()];
      if (!areThere() || count !== this.#count) this.#since = now;
      else this.longestMs = Math.max(this.longestMs, now - this.#since);
      this.#count = count;
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
