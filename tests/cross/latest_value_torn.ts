// The hunt for torn reads: a writer at full speed and a reader, in two processes, and the same as a plain copy in C.

import assert from "node:assert/strict";
import { LatestValue, SharedMemory } from "../../mod.ts";
import { compileC, type Peer, type Runtime, spawnPeer, spawnProgram, uniqueName, within } from "../support/mod.ts";
import { BOOK_BYTES } from "./latest_value_book.ts";
import type { TornJob, TornResult } from "./latest_value_torn_peer.ts";

export type { TornResult } from "./latest_value_torn_peer.ts";

const program = new URL("./latest_value_torn_peer.ts", import.meta.url);

export interface TornOptions {
  readonly writer: Runtime;
  readonly reader: Runtime;
  readonly reads: number;
  readonly timeoutMs?: number;
  onProgress?(reads: number): void;
}

async function lastLine(peer: Peer, { timeoutMs = 120_000, onProgress }: TornOptions): Promise<TornResult> {
  for (;;) {
    const line = await peer.line(timeoutMs);
    if (line.startsWith("{")) return JSON.parse(line) as TornResult;
    onProgress?.(Number(line));
  }
}

/** What a reader of one runtime finds while a writer of another one writes as fast as it can. */
export async function huntTorn(options: TornOptions): Promise<TornResult> {
  const names = { latest: uniqueName("torn"), stop: uniqueName("stop") };
  const latest = LatestValue.create(names.latest, { size: BOOK_BYTES, unlinkOnClose: true });
  const stop = SharedMemory.create(names.stop, { size: 4096, unlinkOnClose: true });
  const start = (runtime: Runtime, role: TornJob["role"]) =>
    spawnPeer(runtime, program, [JSON.stringify({ role, ...names, reads: options.reads } satisfies TornJob)]);
  const [writing, reading] = [start(options.writer, "write"), start(options.reader, "read")];
  try {
    const result = await lastLine(reading, options);
    stop.bytes[0] = 1;
    for (const peer of [writing, reading]) {
      const { code, stderr } = await within(peer.ended, 20_000, "the end of a peer");
      assert.deepEqual([code, stderr], [0, ""]);
    }
    return result;
  } finally {
    for (const peer of [writing, reading]) peer.kill();
    latest.close();
    stop.close();
  }
}

/** The tutorial's snapshot: assigned as a whole by one process, copied as a whole by another one. */
const plainCopy = `
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 84
typedef struct { uint32_t words[WORDS]; } book;

static void fill(book *out, uint32_t number) {
  for (uint32_t i = 0; i < WORDS; i++) out->words[i] = number * (1 + i * 2) + i;
}

static int is_whole(const book *in) {
  for (uint32_t i = 1; i < WORDS; i++)
    if (in->words[i] != in->words[0] * (1 + i * 2) + i) return 0;
  return 1;
}

int main(int count, char **arguments) {
  uint64_t reads = count > 1 ? strtoull(arguments[1], NULL, 10) : 1000000, torn = 0;
  book *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  fill(shared, 0);
  pid_t writer = fork();
  if (writer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t number = 0;; number++) {
      book next;
      fill(&next, number);
      *shared = next;
      __asm__ volatile("" ::: "memory");
    }
  }
  for (uint64_t i = 0; i < reads; i++) {
    book copy = *shared;
    __asm__ volatile("" : : "r"(&copy) : "memory");
    torn += !is_whole(&copy);
  }
  kill(writer, SIGKILL);
  waitpid(writer, NULL, 0);
  printf("%llu\\n", (unsigned long long)torn);
  return 0;
}
`;

/** How many of `reads` plain copies in C are torn. */
export async function countTornPlain(reads: number, timeoutMs = 120_000): Promise<number> {
  const peer = spawnProgram(compileC(plainCopy), [String(reads)]);
  try {
    const { code, stdout, stderr } = await within(peer.ended, timeoutMs, "the plain copies in C");
    assert.deepEqual([code, stderr], [0, ""]);
    return Number(stdout);
  } finally {
    peer.kill();
  }
}
