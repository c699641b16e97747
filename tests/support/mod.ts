// What tests share: runtimes and peers, names and places, C programs, waiting, repeatable randomness.

export { type CompileOptions, compileC } from "./compile.ts";
export { falseArrays, foreign, foreignBytes } from "./foreign.ts";
export { goneBytes } from "./gone.ts";
export { cleanUp, objectExists, objectPath, ownObjects, temporaryDirectory, uniqueName } from "./names.ts";
export { killPeers, Peer, type PeerEnd, type PeerOptions, runPeer, spawnPeer, spawnProgram } from "./peer.ts";
export { Random } from "./random.ts";
export { refusing } from "./refusing.ts";
export { proxyBytes, runningBytes } from "./running.ts";
export { mainRuntimes, ownRuntime, projectRoot, type Runtime, runtimeNamed, runtimes } from "./runtimes.ts";
export { least, patiently, processorMs, sleep, until, within } from "./wait.ts";
