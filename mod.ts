/**
 * Inter-process communication for Linux, the same on Bun, Deno and Node.
 *
 * One process makes a ring and sends; another one, of any runtime, opens it by name and receives:
 *
 * ```ts
 * import { SpscRing } from "@linux-ipc/core";
 * const ring = SpscRing.create("/linux-ipc-example-story", { capacity: 65536, unlinkOnClose: true });
 * const producer = ring.producer();
 * const same = SpscRing.open("/linux-ipc-example-story"); // usually in another process
 * const consumer = same.consumer();
 * await producer.send(new Uint8Array([1, 2, 3]));
 * producer.close();
 * for await (const message of consumer) console.log(message.length); // 3
 * same.close();
 * ring.close();
 * ```
 *
 * @module
 */
export * from "./src/memory/mod.ts";
export * from "./src/ring/mod.ts";
export * from "./src/sync/mod.ts";
export * from "./src/sys/mod.ts";
export * from "./src/wait/mod.ts";
