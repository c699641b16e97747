// Process groups: who is still alive in one, and an end to it.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const GRACE_MS = 1000;
const STEP_MS = 50;

/** The living members, as "name (pid)". Zombies do not count: in a container, nobody may be there to reap them. */
function members(group) {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const line = readStat(pid);
    const end = line.lastIndexOf(")");
    const [state, , processGroup] = line.slice(end + 2).split(" ");
    if (Number(processGroup) === group && state !== "Z" && state !== "X") {
      found.push(`${line.slice(line.indexOf("(") + 1, end)} (${pid})`);
    }
  }
  return found;
}

function readStat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return ""; // ended meanwhile
  }
}

/** Members that outlive a second of grace. */
export async function survivors(group) {
  let found = members(group);
  for (let waited = 0; found.length > 0 && waited < GRACE_MS; waited += STEP_MS) {
    await sleep(STEP_MS);
    found = members(group);
  }
  return found;
}

/** Ends the group, whatever it is doing. */
export function killGroup(group) {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // nobody is left
  }
}
