// What one peer process is told to do: the runner passes it as JSON in the first argument.
export interface Job {
  test: string;
  /** The measuring side makes the rings or the socket and prints the result; the other side serves it. */
  role: "measure" | "serve";
  variant: string;
  /** Prefix of the names in /dev/shm, or the path of the socket. */
  name: string;
  size: number;
  capacity: number;
  warmUpMs: number;
  measureMs: number;
  /** 0 = ping-pong, otherwise the pause between two messages. */
  paceMs: number;
  /** Round trips in a sample. */
  group: number;
  /** Messages in a sample of throughput. */
  block: number;
}

export function readJob(): Job {
  const text = process.argv[2];
  if (text === undefined) throw new TypeError("usage: peer.ts '<job as JSON>' (started by bench/run.ts)");
  return JSON.parse(text) as Job;
}
