// Live progress: a few lines that are drawn again in place, or a plain line each second where nobody can redraw.

import process from "node:process";
import type { Board } from "./board.ts";
import { figureCells, HEADING, hopsOf } from "./figures.ts";
import { bold, count, cyan, dim, isTerminal, table } from "./text.ts";

const REDRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 1000;
/** Narrower windows would break the lines, and the cursor would not find back. */
const WIDTH_LEAST = 70;

const canRedraw = () => isTerminal && (process.stdout.columns ?? 0) >= WIDTH_LEAST;

export class Display {
  readonly #board: Board;
  readonly #begin = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #redraws = canRedraw();
  #drawn = 0;
  #last = { at: this.#begin, received: 0 };

  constructor(board: Board) {
    this.#board = board;
    this.#timer = setInterval(() => this.#draw(), this.#redraws ? REDRAW_EVERY_MS : LINE_EVERY_MS);
  }

  /** Ticks per second at the end of the pipeline, since the last look. */
  #rate(): number {
    const now = { at: performance.now(), received: this.#board.rows.risk.count("received") };
    const rate = ((now.received - this.#last.received) / (now.at - this.#last.at)) * 1000;
    this.#last = now;
    return rate;
  }

  #draw(): void {
    if (this.#redraws) this.#redraw(this.#picture());
    else process.stdout.write(`${this.#line()}\n`);
  }

  #seconds(): string {
    return ((performance.now() - this.#begin) / 1000).toFixed(1);
  }

  #line(): string {
    const hops = hopsOf(this.#board).map(
      ([name, { recent }]) => `${name} ${figureCells(recent).slice(0, 3).join(" / ")}`,
    );
    return `  ${this.#seconds()} s  ${count(this.#rate())} ticks/s   p50 / p99 / p99.9:  ${hops.join(",  ")}`;
  }

  #picture(): string[] {
    const { feed, risk } = this.#board.rows;
    const received = risk.count("received");
    const behind = Math.max(0, feed.count("sent") - received);
    const facts = [
      `${this.#seconds()} s`,
      `${bold(count(this.#rate()).padStart(11))} ticks/s`,
      dim(`${count(behind)} on the way`),
    ];
    const totals = `${count(received)} ticks, ${count(risk.count("orders"))} orders`;
    const rows = hopsOf(this.#board).map(([name, { recent }]) => [name, ...figureCells(recent)]);
    const padded = [[...HEADING], ...rows].map((row) =>
      row.map((cell, column) => (column === 0 ? cell : cell.padStart(9))),
    );
    const paint = (cell: string, row: number, column: number) =>
      row === 0 ? dim(cell) : column === 1 ? cyan(cell) : cell;
    return [facts.join("   "), totals, "", ...table(padded, paint)];
  }

  #redraw(lines: readonly string[]): void {
    const back = this.#drawn === 0 ? "" : `\r\x1b[${this.#drawn}A`;
    process.stdout.write(back + lines.map((line) => `\x1b[2K  ${line}\n`).join(""));
    this.#drawn = lines.length;
  }

  /** Removes the lines that were drawn in place; the report says it all again, and better. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#drawn > 0) process.stdout.write(`\r\x1b[${this.#drawn}A\x1b[0J`);
  }
}
