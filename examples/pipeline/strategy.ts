// The strategy: two moving averages per symbol; when the fast one crosses the slow one, trade in its direction.

const FAST = 2 / 9;
const SLOW = 2 / 33;
const QUANTITY_MOST = 500;

interface Averages {
  fast: number;
  slow: number;
}

export class Crossover {
  readonly #symbols: Averages[] = [];

  /** How much to buy (> 0) or sell (< 0) now; usually nothing. */
  decide(symbol: number, price: number, volume: number): number {
    const averages = this.#symbols[symbol];
    if (averages === undefined) {
      this.#symbols[symbol] = { fast: price, slow: price };
      return 0;
    }
    const wasAbove = averages.fast > averages.slow;
    averages.fast += FAST * (price - averages.fast);
    averages.slow += SLOW * (price - averages.slow);
    const isAbove = averages.fast > averages.slow;
    if (isAbove === wasAbove) return 0;
    const quantity = Math.min(QUANTITY_MOST, volume);
    return isAbove ? quantity : -quantity;
  }
}
