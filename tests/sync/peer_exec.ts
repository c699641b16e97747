// Takes a mutex and becomes another program, which knows nothing of it. NAME

import process from "node:process";
import { Mutex } from "../../mod.ts";

Mutex.open(process.argv[2]).lockSync();
console.log("locked");
const { execve } = process as { execve?: (file: string, words: string[], environment: NodeJS.ProcessEnv) => never };
setTimeout(() => execve?.call(process, "/bin/sleep", ["sleep", "60"], process.env), 50);
