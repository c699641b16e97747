// What is running and how much is left, on standard error: one line on a terminal, a line per row elsewhere.
import type { Step } from "./plan.ts";

function describe(step: Step): string {
  return `${step.row.question}, round ${step.round}: ${step.row.title}${step.runtime === undefined ? "" : ` (${step.runtime})`}`;
}

export class Progress {
  readonly #total: number;
  readonly #begin = performance.now();
  readonly #terminal = process.stderr.isTTY === true;
  #done = -1;

  constructor(total: number) {
    this.#total = total;
  }

  show(step: Step): void {
    this.#done++;
    this.#write(`[${this.#done + 1}/${this.#total}] ${describe(step)}${this.#left()}`);
  }

  fail(step: Step, error: Error): void {
    this.#write(`failed: ${describe(step)}\n${error.message}\n`);
  }

  end(): void {
    if (this.#terminal) this.#write("");
  }

  #left(): string {
    if (this.#done < 3) return "";
    const seconds = (((performance.now() - this.#begin) / this.#done) * (this.#total - this.#done)) / 1000;
    return seconds < 90 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.ceil(seconds / 60)} min left`;
  }

  #write(line: string): void {
    process.stderr.write(this.#terminal ? `\r\x1b[K${line}` : `${line}\n`);
  }
}
