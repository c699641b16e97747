// Kills writers of a shared map again and again at random moments, while others write and read; at the end it is whole.

import { SharedMap } from "../../mod.ts";
import { BOOK_BYTES, BOOK_WORDS, fillBook, lengthOf } from "../cross/latest_value_book.ts";
import { type Peer, Random, type Runtime, sleep, spawnPeer, uniqueName, within } from "../support/mod.ts";
import { COUNTED, type MapFault, MapLedger, READS, STOP, WRITES } from "./shared_map_ledger.ts";

const program = new URL("./shared_map_peer.ts", import.meta.url);
const TIMEOUT_MS = 60_000;
const BOOKS = 24;
/** Fewer than there are keys: it is full now and then. */
const CAPACITY = 64;

export interface MapSupervisorOptions {
  readonly kills: number;
  readonly seed: number;
  /** Of the writers, in turn. */
  readonly runtimes: readonly Runtime[];
  readonly readers: readonly Runtime[];
  /** Writers at a time. */
  readonly writers: number;
  onProgress?(kills: number, writes: number): void;
}

export interface MapReport {
  readonly kills: number;
  readonly writes: number;
  readonly reads: number;
  readonly increments: number;
  /** What the counter says beyond the increments that returned: of writers killed before they could write them down. */
  readonly unconfirmed: number;
  /** Whether all room was still there at the end. */
  readonly isWhole: boolean;
  readonly faults: Record<MapFault, number>;
}

interface Writer {
  readonly peer: Peer;
  readonly isWriting: Promise<void>;
}

export class MapSupervisor {
  readonly #options: MapSupervisorOptions;
  readonly #random: Random;
  readonly #names = { map: uniqueName("killed-map"), ledger: uniqueName("ledger") };
  readonly #map: SharedMap;
  readonly #ledger: MapLedger;
  readonly #writers: Writer[] = [];
  readonly #readers: Peer[];
  #started = 0;

  constructor(options: MapSupervisorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const size = { capacity: CAPACITY, keySize: 16, valueSize: BOOK_BYTES };
    this.#map = SharedMap.create(this.#names.map, { ...size, unlinkOnClose: true });
    this.#ledger = MapLedger.create(this.#names.ledger);
    const words = new Int32Array(BOOK_WORDS);
    for (let number = 0; number < BOOKS; number++) {
      fillBook(words, 0, lengthOf(number) / 4, number);
      this.#map.set(`book ${number}`, new Uint8Array(words.buffer, 0, lengthOf(number)));
    }
    this.#map.increment("counter", 0);
    this.#readers = options.readers.map((runtime) => this.#start(runtime, "read"));
  }

  #start(runtime: Runtime, role: "write" | "read"): Peer {
    return spawnPeer(runtime, program, [JSON.stringify({ role, ...this.#names, seed: this.#random.word() })]);
  }

  #startWriter(): void {
    const { runtimes } = this.#options;
    const peer = this.#start(runtimes[this.#started++ % runtimes.length] as Runtime, "write");
    const isWriting = peer.lineOf("writing", TIMEOUT_MS);
    isWriting.catch(() => {}); // whoever waits for it is told
    this.#writers.push({ peer, isWriting });
  }

  async run(): Promise<MapReport> {
    const { kills, writers, onProgress } = this.#options;
    try {
      while (this.#writers.length < writers) this.#startWriter();
      for (let count = 1; count <= kills; count++) {
        await this.#killOldest();
        onProgress?.(count, this.#ledger.load(WRITES));
      }
      await this.#finish();
      return this.#report();
    } finally {
      for (const { peer } of this.#writers) peer.kill();
      for (const peer of this.#readers) peer.kill();
      this.#map.close();
      this.#ledger.close();
    }
  }

  /** The next one is started before, so that there are always some who write. */
  async #killOldest(): Promise<void> {
    const { peer, isWriting } = this.#writers.shift() as Writer;
    await isWriting;
    this.#startWriter();
    const longest = [0, 2, 8, 30][this.#random.below(4)] as number;
    if (longest > 0) await sleep(this.#random.below(longest));
    const { exitCode } = peer.child;
    if (exitCode !== null) throw new Error(`a writer ended by itself (${exitCode}): ${peer.stderr}`);
    peer.kill();
    await peer.ended;
  }

  async #finish(): Promise<void> {
    for (const { isWriting } of this.#writers) await isWriting;
    this.#ledger.store(STOP, 1);
    for (const peer of [...this.#writers.map((writer) => writer.peer), ...this.#readers]) {
      const { code, stderr } = await within(peer.ended, TIMEOUT_MS, "the end of a peer");
      if (code !== 0) throw new Error(`a peer ended with ${code}: ${stderr}`);
    }
  }

  #report(): MapReport {
    const ledger = this.#ledger;
    const increments = ledger.load(COUNTED);
    const unconfirmed = (this.#map.getCounter("counter") as number) - increments;
    return {
      kills: this.#options.kills,
      writes: ledger.load(WRITES),
      reads: ledger.load(READS),
      increments,
      unconfirmed,
      isWhole: this.#isWhole(),
      faults: ledger.faults(),
    };
  }

  /** Room for exactly as many entries as ever, many times over. */
  #isWhole(): boolean {
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
