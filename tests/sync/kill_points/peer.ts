// The victim: one process that stops in many objects at once, each at another store, and is killed there.
//
//   peer.ts first|victim PREFIX COUNTS     COUNTS: JSON, the number of stops of each scene
//
// Where it is to be killed in one object it goes on with the next one instead, inside that very store, and never comes
// back: so one SIGKILL finds each object at a stop of its own.

import { writeSync } from "node:fs";
import process from "node:process";
import { Event } from "../../../mod.ts";
import { nameOf, type Said, scenes } from "./all.ts";
import type { AnyScene, Closable } from "./scene.ts";
import { stopAtStores } from "./traps.ts";

const [role, prefix, counts] = process.argv.slice(2) as [string, string, string];

interface Task {
  readonly scene: AnyScene;
  readonly number: number;
  readonly object: Closable;
  /** At which of its stops it is killed; undefined = behind its end. */
  readonly stop: number | undefined;
  held: unknown;
}

const tasks: Task[] = (JSON.parse(counts) as number[]).flatMap((count, number) => {
  const scene = scenes[number] as AnyScene;
  if (role === "first" && scene.first === undefined) return [];
  return Array.from({ length: count + 1 }, (_, index) => {
    const object = scene.open(nameOf(prefix, number, index));
    return { scene, number, object, stop: index < count ? index : undefined, held: undefined };
  });
});
const said = { stops: scenes.map((): string[] => []), holding: scenes.map(() => -1), missed: [] as string[] };

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;); // until the signal has come
}

/** Acts in this object and in all that follow; never returns. */
function actFrom(position: number): never {
  const task = tasks[position];
  if (task === undefined) {
    stopAtStores(undefined);
    writeSync(1, `${JSON.stringify(said satisfies Said)}\n`);
    die();
  }
  const { scene, number, object, stop, held } = task;
  const stops: string[] = [];
  const halt = (what: string) => {
    if (stops.length === stop) actFrom(position + 1);
    stops.push(what);
  };
  stopAtStores(halt);
  scene.act(object, held, () => {
    if (stop === undefined) said.holding[number] = stops.length;
    halt("holding");
  });
  stopAtStores(undefined);
  if (stop === undefined) said.stops[number] = stops;
  else said.missed.push(`${scene.title}, stop ${stop}`);
  return actFrom(position + 1);
}

if (role === "first") {
  for (const { scene, object } of tasks) scene.first?.(object);
  die();
}
for (const task of tasks) task.held = task.scene.prepare?.(task.object);
writeSync(1, "ready\n");
Event.open(`${prefix}-go`).waitSync();
actFrom(0);
