// The peer of pending.test.ts: holds mutexes, or has many waits pending and says what they cost while nothing happens.

import { readdirSync } from "node:fs";
import process from "node:process";
import { Event, Futex, Mutex, Participants, SharedMemory } from "../../mod.ts";

const STRIDE = 128;
/** A delay of which programs would complain. */
const STALL_MS = 5;
const [form, name, countText, millisecondsText] = process.argv.slice(2);
const count = Number(countText);
const memory = SharedMemory.open(name);
const participants = Participants.over(memory, 0);
const offsetOf = (index: number) => Participants.byteSize() + index * STRIDE;
/** Of ten waits, two are for mutexes that another process holds. */
const isMutex = (index: number) => index % 10 >= 8;

function hold(): void {
  for (let index = 0; index < count; index++) {
    if (isMutex(index)) Mutex.over(memory, offsetOf(index), { participants }).lockSync();
  }
  console.log("holding");
  setInterval(() => {}, 1000);
}

/** How late timers of 1 ms come during the time, sorted, in ms. */
async function delays(milliseconds: number): Promise<number[]> {
  const found: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const begin = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1));
    found.push(Math.max(0, performance.now() - begin - 1));
  }
  return found.sort((a, b) => a - b);
}

async function measure() {
  const sorted = await delays(Number(millisecondsText));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, Number(millisecondsText)));
  const { user, system } = process.cpuUsage(before);
  const at = (share: number) => Math.round((sorted[Math.floor(share * (sorted.length - 1))] as number) * 1000) / 1000;
  const cpuPercent = Math.round((user + system) / Number(millisecondsText)) / 10;
  const stalled = sorted.reduce((sum, delay) => sum + (delay > STALL_MS ? delay : 0), 0);
  const stalledPercent = Math.round((1000 * stalled) / Number(millisecondsText)) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1), stalledPercent, cpuPercent };
}

/** Begins one wait; how to make it end. */
function begin(index: number, ended: () => void): () => void {
  const offset = offsetOf(index);
  if (isMutex(index)) {
    const mutex = Mutex.over(memory, offset, { participants });
    mutex.lock().then((guard) => {
      if (guard.recovered) guard.repaired();
      guard.unlock();
      ended();
    });
    return () => {}; // its holder is killed
  }
  if (index % 2 === 0) {
    const event = Event.over(memory, offset, { participants });
    event.wait().then(ended);
    return () => event.set();
  }
  const futex = Futex.over(memory, offset);
  const wait = async () => {
    while (futex.load() === 0) await futex.wait(0);
    ended();
  };
  wait();
  return () => {
    futex.store(1);
    futex.wake();
  };
}

/** Only Bun lets a program ask for it without a parameter of the command line. */
function collectGarbage(): void {
  (globalThis as { Bun?: { gc(isSynchronous: boolean): void } }).Bun?.gc(true);
}

async function pend(): Promise<void> {
  const idle = await measure();
  let left = count;
  let end = () => {};
  const allEnded = new Promise<void>((resolve) => (end = resolve));
  const started = performance.now();
  const enders = Array.from({ length: count }, (_, index) => begin(index, () => --left === 0 && end()));
  const beginMs = Math.round(performance.now() - started);
  collectGarbage(); // later it would be measured
  await new Promise((resolve) => setTimeout(resolve, 500)); // until the engine's threads sleep
  const pending = await measure();
  const threads = readdirSync("/proc/self/task").length;
  console.log(JSON.stringify({ idle, pending, threads, beginMs, left }));
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const woken = performance.now();
  for (const ender of enders) ender();
  await allEnded;
  console.log(JSON.stringify({ endMs: Math.round(performance.now() - woken) }));
  memory.close();
  process.exit(0);
}

if (form === "hold") hold();
else await pend();
