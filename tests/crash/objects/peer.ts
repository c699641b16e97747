// Plays whatever scene is on, in all ways, until it is killed, and notes in the ledger where it is.

import process from "node:process";
import { Random } from "../../support/random.ts";
import { STOP } from "../ledger.ts";
import { openObjectLedger, Place, SCENE, sceneWords, TURNS } from "./ledger.ts";
import { scenes, settingOf } from "./scenes.ts";

const [name, ledgerName, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [place, kind, seed] = numbers.map(Number) as [number, number, number];
const ledger = openObjectLedger(ledgerName);
const common = { ledger, name, place, kind, random: new Random(seed) };
const players = scenes.map((scene, index) => scene.open(settingOf(index, common)));
const me = new Place(ledger, place);

ledger.enter(place);
while (ledger.load(STOP) === 0) {
  const scene = ledger.load(SCENE) - 1;
  const player = players[scene];
  if (player === undefined) throw new RangeError(`there is no scene ${scene}`);
  player.enter?.();
  me.scene = scene;
  while (ledger.load(SCENE) - 1 === scene && ledger.load(STOP) === 0) {
    await player.turn();
    me.progress();
    ledger.add(sceneWords(scene) + TURNS);
  }
  player.leave?.();
  me.scene = -1;
}
for (const player of players) player.close();
ledger.close();
