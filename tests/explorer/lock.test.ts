// Explorer: a mutex whose processes are killed, or overtaken, before every single access of lock and unlock.
//
// Accesses take effect in program order, which the sleeper's membarrier makes true of the plain ones. What sleeps in the
// kernel is modelled: a sleep begins only if the eventcount is still the key, and ends by a wake-up or by the death of the
// owner that it watches. Not covered: the engine, and all that is above the lock word; the classes themselves are killed in
// tests/sync/kill_points.test.ts. Here others also come and go between two accesses, and two die one after the other.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OWNER_MASK } from "../../src/memory/layout.ts";
import { type LockProcess, LockScene } from "./lock_scene.ts";
import { actAt, Crash, crashAt } from "./traced.ts";

/** Ways of life; each ends outside, or asleep. */
const lives: Record<string, (process: LockProcess) => void> = {
  "locks and unlocks"(process) {
    if (process.lock()) process.unlock();
  },
  "tries and unlocks"(process) {
    if (process.tryLock()) process.unlock();
  },
  "locks twice"(process) {
    for (let round = 0; round < 2 && !process.isAsleep; round++) if (process.lock()) process.unlock();
  },
};
const starts = ["free", "alive", "dead"] as const;

/** A lock that is free, or held by somebody alive or dead for whom others wait. */
interface Start {
  readonly scene: LockScene;
  readonly holder: LockProcess | undefined;
}

function setUp(scene: LockScene, held: (typeof starts)[number], sleepers: number): Start {
  if (held === "free") return { scene, holder: undefined };
  const holder = scene.start();
  assert.equal(holder.lock(), true);
  for (let count = 0; count < sleepers; count++) assert.equal(scene.start().lock(), false);
  if (held === "dead") holder.isDead = true;
  return { scene, holder };
}

/** Runs `play` from each start; it says whether the index that it was about exists. */
function fromEachStart(play: (start: Start, index: number) => boolean): number {
  let count = 0;
  for (const held of starts) {
    for (const sleepers of held === "free" ? [0] : [0, 1, 2]) {
      for (let goesOn = true, index = 0; goesOn; index++, count++) {
        const scene = new LockScene();
        goesOn = scene.memory.trace(() => play(setUp(scene, held, sleepers), index));
      }
    }
  }
  return count;
}

/** Gives the sleepers whom the kernel rouses their turns; nobody may be left asleep. */
function settle(scene: LockScene): void {
  for (let round = 0; round < 50; round++) {
    const roused = scene.processes.filter((process) => process.isRoused && !process.isDead);
    for (const process of roused) if (process.lock()) process.unlock();
  }
  const asleep = scene.processes.filter((process) => process.isAsleep && !process.isDead).map(({ id }) => id);
  assert.deepEqual(asleep, [], `asleep for ever; the word is 0x${(scene.value >>> 0).toString(16)}`);
}

/** Who still holds it lets go; nobody is stuck, and a newcomer gets the lock. */
function finish(scene: LockScene): void {
  for (const process of scene.processes) if (process.isInside && !process.isDead) process.unlock();
  settle(scene);
  const last = scene.start();
  assert.equal(last.lock(), true, "a newcomer gets it");
  last.unlock();
  assert.equal(scene.value, 0);
}

const toldOf = (scene: LockScene, id: number) =>
  scene.processes.flatMap(({ told }) => told).filter((dead) => dead === id).length;

/** Kills a process at one of its accesses; whether it owned the word then. */
function die(process: LockProcess, scene: LockScene): boolean {
  process.isDead = true;
  return (scene.value & OWNER_MASK) === process.id;
}

describe("a mutex", () => {
  for (const [life, live] of Object.entries(lives)) {
    it(`whose process ${life} and is killed at any access is never stuck, and told once`, () => {
      const scenes = fromEachStart(({ scene, holder }, index) => {
        const victim = scene.start();
        const crashed = crashAt(scene.memory, index, () => live(victim));
        const owned = crashed && die(victim, scene);
        finish(scene);
        assert.equal(toldOf(scene, victim.id), owned ? 1 : 0, `access ${index}: the victim's death`);
        if (holder?.isDead) {
          const told = toldOf(scene, holder.id);
          // a victim that died between taking the word and being told leaves its own death to be told
          assert.ok(told === 1 || (told === 0 && owned), `access ${index}: the holder's death was told ${told} times`);
        }
        return crashed;
      });
      assert.ok(scenes > 30, `${scenes} scenes`);
    });

    it(`whose process ${life} and is killed, and its successor too, is never stuck`, () => {
      const scenes = fromEachStart(({ scene }, index) => {
        const [first, second] = [Math.floor(index / 16), index % 16];
        const [victim, heir] = [scene.start(), scene.start()];
        const crashed = crashAt(scene.memory, first, () => live(victim));
        if (crashed) die(victim, scene);
        for (const process of scene.processes) if (process.isInside && !process.isDead) process.unlock();
        const hasCrashedToo = crashAt(scene.memory, second, () => live(heir));
        const owned = hasCrashedToo && die(heir, scene);
        finish(scene);
        assert.equal(toldOf(scene, heir.id), owned ? 1 : 0, `accesses ${first} and ${second}: the heir's death`);
        assert.ok(toldOf(scene, victim.id) <= 1);
        return crashed;
      });
      assert.ok(scenes > 300, `${scenes} scenes`);
    });

    for (const ending of life.startsWith("tries") ? [] : ["unlocks", "dies"]) {
      it(`whose process ${life} while another one comes and goes, and ${ending}, loses no wake-up`, () => {
        const scenes = fromEachStart(({ scene, holder }, index) => {
          const [first, second, third] = [Math.floor(index / 144), Math.floor(index / 12) % 12, index % 12];
          const [process, other] = [scene.start(), holder?.isDead === false ? holder : scene.start()];
          const moments = [first, first + second, first + second + third];
          let access = 0;
          // each moment is one coming or going of the other; several may fall together
          scene.memory.onAccess = () => {
            const count = moments.filter((moment) => moment === access).length;
            access++;
            scene.memory.freely(() => {
              for (let times = 0; times < count; times++) toggle(other);
              if (ending === "dies" && access > (moments[2] ?? 0)) other.isDead = true;
            });
          };
          live(process);
          scene.memory.onAccess = undefined;
          const happened = access > first;
          finish(scene);
          for (const { id } of scene.processes) assert.ok(toldOf(scene, id) <= 1, `${id} was told twice`);
          return happened;
        });
        assert.ok(scenes > 1000, `${scenes} scenes`);
      });
    }
  }

  it("whose holder unlocks while another one goes to sleep between two of its accesses wakes it", () => {
    for (let index = 0, goesOn = true; goesOn; index++) {
      const scene = new LockScene();
      scene.memory.trace(() => {
        const [holder, sleeper] = [scene.start(), scene.start()];
        holder.lock();
        goesOn = actAt(
          scene.memory,
          [index],
          () => sleeper.lock() && sleeper.unlock(),
          () => holder.unlock(),
        );
        finish(scene);
      });
      assert.ok(goesOn || index > 2, `${index} accesses`);
    }
  });

  it("whose holder is killed anywhere in its unlock while another one goes to sleep, and the next one too, wakes it", () => {
    let scenes = 0;
    for (let moment = 0; moment < 24; moment++) {
      for (let access = 0; access < 8; access++) {
        for (let later = 0; later <= 24; later++) {
          const scene = new LockScene();
          scene.memory.trace(() => {
            const [holder, next, sleeper] = [scene.start(), scene.start(), scene.start()];
            holder.lock();
            const acts = [
              () => {
                holder.isDead = crashAt(scene.memory, access, () => holder.unlock());
              },
              // a last round of 24: nobody comes between
              () => later < 24 && next.tryLock(),
            ];
            actEach(scene, [moment, moment + later], acts, () => sleeper.lock() && sleeper.unlock());
            next.isDead = true;
            finish(scene);
            for (const { id } of scene.processes) assert.ok(toldOf(scene, id) <= 1, `${id} was told twice`);
          });
          scenes++;
        }
      }
    }
    assert.ok(scenes > 1000, `${scenes} scenes`);
  });

  it("would be found stuck by these tests: a crash is a crash", () => {
    const scene = new LockScene();
    scene.memory.trace(() => {
      const process = scene.start();
      assert.throws(() => {
        scene.memory.onAccess = () => {
          throw new Crash();
        };
        process.lock();
      }, Crash);
      scene.memory.onAccess = undefined;
      const sleeper = scene.start();
      scene.words[0] = process.id; // alive, never unlocks
      assert.equal(sleeper.lock(), false);
      assert.throws(() => settle(scene), /asleep for ever/);
    });
  });
});

/** Runs `body`, and the acts of others before its accesses of these numbers; those that it does not reach come after it. */
function actEach(
  { memory }: LockScene,
  moments: readonly number[],
  acts: readonly (() => void)[],
  body: () => void,
): void {
  const left = acts.map((act, index) => ({ act, moment: moments[index] as number }));
  let access = 0;
  const due = () =>
    memory.freely(() => {
      while (left[0] !== undefined && left[0].moment <= access) left.shift()?.act();
    });
  memory.onAccess = () => {
    due();
    access++;
  };
  body();
  memory.onAccess = undefined;
  access = Number.POSITIVE_INFINITY;
  due();
}

/** Comes in if it can, or goes. */
function toggle(process: LockProcess): void {
  if (process.isDead) return;
  if (process.isInside) process.unlock();
  else process.tryLock();
}
