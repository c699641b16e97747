// The limits: how much of a symbol may be held, and how large one order may be.

const POSITION_MOST = 2_000;
const NOTIONAL_MOST = 75_000;

export type Verdict = "accepted" | "overPosition" | "overNotional";

export class Limits {
  readonly #positions: number[] = [];

  /** Decides about an order; an accepted one counts as done. */
  check(symbol: number, price: number, quantity: number): Verdict {
    const position = (this.#positions[symbol] ?? 0) + quantity;
    if (price * Math.abs(quantity) > NOTIONAL_MOST) return "overNotional";
    if (Math.abs(position) > POSITION_MOST) return "overPosition";
    this.#positions[symbol] = position;
    return "accepted";
  }
}
