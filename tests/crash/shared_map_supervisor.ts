// Kills writers of a shared map again and again at random moments, while others write and read; at the end it is whole.

import { SharedMap } from "../../mod.ts";
import { BOOK_BYTES, BOOK_WORDS, fillBook, lengthOf } from "../cross/latest_value_book.ts";
import { Random, type Runtime, sleep, spawnPeer, uniqueName } from "../support/mod.ts";
import { type CrashOptions, Crew } from "./crew.ts";
import { COUNTED, createMapLedger, type MapFault, type MapLedger, READS, WRITES } from "./shared_map_ledger.ts";
import type { MapCrashJob } from "./shared_map_peer.ts";

const program = new URL("./shared_map_peer.ts", import.meta.url);
const BOOKS = 24;
/** Fewer than there are keys: it is full now and then. */
const CAPACITY = 64;

export interface MapOptions extends CrashOptions {
  readonly readers: readonly Runtime[];
}

export interface MapReport {
  readonly kills: number;
  readonly killedByKind: Record<string, number>;
  readonly writes: number;
  readonly reads: number;
  readonly increments: number;
  /** What the counter says beyond the increments that returned: of writers killed before they could write them down. */
  readonly unconfirmed: number;
  /** Whether all room was still there at the end, and no increment was lost or invented. */
  readonly isWhole: boolean;
  readonly faults: Record<MapFault, number>;
}

export class MapSupervisor {
  readonly #options: MapOptions;
  readonly #random: Random;
  readonly #names = { map: uniqueName("killed-map"), ledger: uniqueName("ledger") };
  readonly #map: SharedMap;
  readonly #ledger: MapLedger;
  readonly #crew: Crew;
  #started = 0;

  constructor(options: MapOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const size = { capacity: CAPACITY, keySize: 16, valueSize: BOOK_BYTES };
    this.#map = SharedMap.create(this.#names.map, { ...size, unlinkOnClose: true });
    this.#fill();
    const ledger = createMapLedger(this.#names.ledger);
    const objects = Object.values(this.#names);
    this.#ledger = ledger;
    this.#crew = new Crew({ ...options, ledger, objects, start: (place) => this.#start(place) });
    for (const runtime of options.readers) this.#crew.join(this.#spawn(runtime, "read", 0));
  }

  /** What is always there. */
  #fill(): void {
    const words = new Int32Array(BOOK_WORDS);
    for (let number = 0; number < BOOKS; number++) {
      fillBook(words, 0, lengthOf(number) / 4, number);
      this.#map.set(`book ${number}`, new Uint8Array(words.buffer, 0, lengthOf(number)));
    }
    this.#map.increment("counter", 0);
  }

  #spawn(runtime: Runtime, role: MapCrashJob["role"], place: number) {
    const job: MapCrashJob = { role, ...this.#names, seed: this.#random.word(), place };
    return spawnPeer(runtime, program, [JSON.stringify(job)]);
  }

  #start(place: number) {
    const { runtimes } = this.#options;
    const runtime = runtimes[this.#started++ % runtimes.length] as Runtime;
    return { peer: this.#spawn(runtime, "write", place), kind: runtime.name };
  }

  async run(): Promise<MapReport> {
    try {
      const kills = await this.#crew.work(this.#options, () => this.#strike());
      await this.#crew.finish();
      return this.#report(kills);
    } finally {
      this.#crew.killAll();
      this.#map.close();
      this.#ledger.close();
    }
  }

  async #strike(): Promise<number> {
    const longest = [0, 2, 8, 30][this.#random.below(4)] as number;
    if (longest > 0) await sleep(this.#random.below(longest));
    this.#crew.kill(this.#random.pick(this.#crew.working));
    return 1;
  }

  #report(kills: number): MapReport {
    const ledger = this.#ledger;
    const increments = ledger.load(COUNTED);
    const unconfirmed = (this.#map.getCounter("counter") as number) - increments;
    return {
      kills,
      killedByKind: this.#crew.killed,
      writes: ledger.load(WRITES),
      reads: ledger.load(READS),
      increments,
      unconfirmed,
      isWhole: unconfirmed >= 0 && unconfirmed <= kills && this.#hasAllRoom(),
      faults: ledger.faults(),
    };
  }

  /** Room for exactly as many entries as ever, many times over. */
  #hasAllRoom(): boolean {
    const map = this.#map;
    const one = new Uint8Array(1);
    for (let turn = 0; turn < 3; turn++) {
      map.clear();
      for (let number = 0; number < CAPACITY; number++) if (!map.set(`${turn} ${number}`, one)) return false;
      if (map.set("one more", one) || map.size !== CAPACITY || [...map.keys()].length !== CAPACITY) return false;
    }
    return true;
  }
}
