// Attaches to the participants of a memory, says its owner id, and stays until it is killed. NAME

import process from "node:process";
import { Participants, SharedMemory } from "../../mod.ts";

const participants = Participants.over(SharedMemory.open(process.argv[2] as string), 0);
console.log(participants.join());
setInterval(() => {}, 1000);
