// Collects nanoseconds while the clock runs and makes a histogram of them afterwards.
import process from "node:process";
import { build } from "hdr-histogram-js";

export interface Latencies {
  samples: number;
  minimum: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  maximum: number;
  cpuMs: number;
}

const MAXIMUM_COUNT = 1_000_000;
/** The histogram counts integers: picoseconds keep three digits of the shortest times. */
const PICOSECONDS = 1000;

export class Samples {
  readonly #values = new Float64Array(MAXIMUM_COUNT);
  #count = 0;

  add(nanoseconds: number): void {
    if (this.#count < MAXIMUM_COUNT) this.#values[this.#count++] = nanoseconds;
  }

  /** The last line of the process: the runner reads it. */
  print(): void {
    console.log(JSON.stringify(this.#summary()));
  }

  #summary(): Latencies {
    if (this.#count === 0) throw new Error("no samples: the measurement was too short");
    const values = this.#values.subarray(0, this.#count);
    const histogram = build({ highestTrackableValue: 1e14, numberOfSignificantValueDigits: 3 });
    for (const value of values) histogram.recordValue(Math.max(1, Math.round(value * PICOSECONDS)));
    const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / PICOSECONDS;
    return {
      samples: this.#count,
      minimum: values.reduce((least, value) => Math.min(least, value)),
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      maximum: values.reduce((most, value) => Math.max(most, value)),
      cpuMs: cpuMs(),
    };
  }
}

export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
