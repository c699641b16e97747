// The peer of the sync tests: does one call for each line it reads, and answers each by a line.

import process from "node:process";
import { createInterface } from "node:readline";
import * as library from "../../mod.ts";

const { Barrier, Condition, Event, Mutex, Once, RwLock, Semaphore } = library;
const classes = { Barrier, Condition, Event, Mutex, Once, RwLock, Semaphore };

let memory: library.SharedMemory | undefined;
let object: { close(): void } | undefined;
/** The mutex of a condition. */
let mutex: library.Mutex | undefined;
let guard: library.MutexGuard | undefined;

function open(kind: "Mutex", name: string, offset: string): string {
  if (kind === ("Condition" as string)) mutex = Mutex.open(`${name}-m`);
  if (offset === "") object = classes[kind].open(name);
  else {
    memory = library.SharedMemory.open(name);
    const participants = library.Participants.over(memory, 0);
    object = classes[kind].over(memory, Number(offset), { participants });
  }
  return "ready";
}

function close(): string {
  for (const closable of [object, mutex, memory]) closable?.close();
  guard = undefined;
  return "closed";
}

/** What a call's parameters may name. */
const known: Record<string, unknown> = {
  guard: () => guard,
  nothing: () => () => {},
  failing: () => () => {
    throw new RangeError("it cannot be done");
  },
  lasting: () => () => new Promise(() => {}),
};

function parameterOf(text: string): unknown {
  const find = known[text] as (() => unknown) | undefined;
  return find === undefined ? JSON.parse(text) : find();
}

/** A guard is kept, and answered by who died before it. */
function answer(value: unknown): string {
  const found = (value as library.ConditionResult | undefined)?.guard ?? value;
  if (typeof found !== "object" || found === null || !("unlock" in found)) return String(value);
  guard = found as library.MutexGuard;
  const { recovered } = guard;
  const isNotified = (value as library.ConditionResult).notified;
  return `guard ${recovered?.pid ?? "-"}${isNotified === undefined ? "" : ` ${isNotified}`}`;
}

/** "open KIND NAME [OFFSET]", "object lockSync {...}", "guard unlock", "object isLocked", "close" */
async function call(line: string): Promise<string> {
  const [target, method, ...parameters] = line.split(" ");
  if (target === "open") return open(method as "Mutex", parameters[0] as string, parameters[1] ?? "");
  if (target === "close") return close();
  const found = { object, guard, mutex }[target as "object"] as unknown as Record<string, unknown>;
  const member = found[method];
  if (typeof member !== "function") return String(member);
  try {
    const result = await member.apply(found, parameters.map(parameterOf));
    return answer(result);
  } catch (error) {
    return error instanceof library.IpcError ? error.code : String(error);
  }
}

createInterface(process.stdin).on("line", (line) => void call(line).then(console.log));
