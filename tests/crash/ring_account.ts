// The accounts of both sides: where a restarted one goes on, and the proof that nothing was lost on the way.

import type { SpscProducer, SpscRing } from "../../mod.ts";
import { type Faults, Judge, type Messages, type Place, recordBytes } from "../cross/peer_messages.ts";
import { LONGEST_BURST } from "../cross/peer_senders.ts";
import { HISTORY_LENGTH, type Ledger, PROCESSED, SENT } from "./ring_ledger.ts";

/** What both accounts need. */
export interface Books {
  readonly ledger: Ledger;
  readonly messages: Messages;
  readonly ring: SpscRing;
  /** Position of message 0. */
  readonly start: number;
}

/** Where message number `processed` stands or will stand. */
function positionAfter({ ledger, messages, start }: Books, processed: number): number {
  if (processed === 0) return start;
  const last = processed - 1;
  return (ledger.positionOf(last) + recordBytes(messages.sizeOf(last))) >>> 0;
}

/** The number of the producer's next message: the one that would stand where it goes on. */
export function resumeProducer(books: Books, producer: SpscProducer): number {
  const { ledger, messages, ring } = books;
  let sequence = ledger.load(PROCESSED);
  let position = positionAfter(books, sequence);
  const most = sequence + ring.capacity / recordBytes(0);
  while (position !== producer.position) {
    position = (position + recordBytes(messages.sizeOf(sequence))) >>> 0;
    if (++sequence > most) throw new Error(`the producer goes on at ${producer.position}, where no message ends`);
  }
  const sent = ledger.load(SENT);
  if (sequence < sent) ledger.count("uncommitted", sent - sequence);
  if (sequence > sent + LONGEST_BURST) ledger.count("invented", sequence - sent - LONGEST_BURST);
  ledger.store(SENT, sequence);
  return sequence;
}

/** One life of a consumer: judges what it gets, and knows what its predecessors had processed. */
export class ConsumerAccount {
  readonly #books: Books;
  /** What had been processed when this life began. */
  readonly #before: number;
  #judge: Judge | undefined;
  #known: Faults = { lost: 0, reordered: 0, torn: 0, misplaced: 0 };

  constructor(books: Books) {
    this.#books = books;
    this.#before = books.ledger.load(PROCESSED);
  }

  /** The first message of this life may be one that a predecessor had processed: its position tells which one. */
  #begin(position: number): Judge {
    const { ledger, messages, ring } = this.#books;
    const expected = positionAfter(this.#books, this.#before);
    const behind = (expected - position) >>> 0;
    const oldest = Math.max(0, this.#before - HISTORY_LENGTH / 2);
    let sequence = this.#before;
    if (behind !== 0) while (sequence > oldest && ledger.positionOf(sequence) !== position) sequence--;
    const mostBehind = ring.capacity / 8 + recordBytes(ring.maxMessageSize);
    if (behind > mostBehind) ledger.count("unfoundedDuplicates", this.#before - sequence);
    return new Judge(messages, sequence, sequence === this.#before ? expected : position);
  }

  take(place: Place, offset: number, length: number, position: number): void {
    const { ledger } = this.#books;
    this.#judge ??= this.#begin(position);
    this.#judge.take(place, offset, length, position);
    const sequence = this.#judge.next - 1;
    if (sequence < this.#before) ledger.count("duplicates");
    else ledger.process(sequence, position);
    this.#noteFaults(this.#judge.faults);
  }

  #noteFaults(faults: Faults): void {
    for (const name of ["lost", "reordered", "torn", "misplaced"] as const) {
      if (faults[name] === this.#known[name]) continue;
      this.#books.ledger.count(name, faults[name] - this.#known[name]);
      this.#known = { ...this.#known, [name]: faults[name] };
    }
  }
}
