// The latencies of one hop: recorded for every tick, put on the board several times a second.

import { build } from "hdr-histogram-js";
import { BAR_COUNT, FIGURES, type Hop } from "./board.ts";

const LONGEST_NS = 60e9;

/** 1 % exact from 1 ns to a minute. */
const makeHistogram = () =>
  build({
    bitBucketSize: 32,
    numberOfSignificantValueDigits: 2,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_NS,
  });

type Histogram = ReturnType<typeof makeHistogram>;

function copyFigures(from: Histogram, to: Float64Array): void {
  to[FIGURES.count] = from.totalCount;
  const most = from.maxValue;
  const percentile = (percent: number) => Math.min(most, from.getValueAtPercentile(percent)); // it rounds up by 1 %
  to[FIGURES.p50] = percentile(50);
  to[FIGURES.p99] = percentile(99);
  to[FIGURES.p999] = percentile(99.9);
  to[FIGURES.max] = most;
}

export class Latency {
  readonly #hop: Hop;
  readonly #recent = makeHistogram();
  readonly #whole = makeHistogram();

  constructor(hop: Hop) {
    this.#hop = hop;
  }

  record(nanoseconds: number): void {
    const value = Math.min(LONGEST_NS, Math.max(0, nanoseconds));
    this.#recent.recordValue(value);
    const bar = Math.min(BAR_COUNT - 1, 32 - Math.clz32(value / 1000));
    this.#hop.bars[bar] = (this.#hop.bars[bar] ?? 0) + 1;
  }

  publish(): void {
    this.#whole.add(this.#recent);
    copyFigures(this.#recent, this.#hop.recent);
    copyFigures(this.#whole, this.#hop.whole);
    this.#recent.reset();
  }
}
