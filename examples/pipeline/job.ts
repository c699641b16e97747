// What main tells a stage when it starts it, and what everybody knows by name.

export const STAGES = ["feed", "engine", "risk"] as const;
export type StageName = (typeof STAGES)[number];

/** Names of the three shared objects. */
export interface Names {
  readonly ticks: string;
  readonly orders: string;
  readonly board: string;
}

export interface Job {
  readonly stage: StageName;
  /** The stages end when this process does, however it ends. */
  readonly mainPid: number;
  readonly names: Names;
  readonly seconds: number | undefined;
  readonly ticks: number | undefined;
  /** Ticks per second, 0 = as fast as possible; undefined = as the recording says. */
  readonly rate: number | undefined;
  /** Absolute path of a recording. */
  readonly feed: string | undefined;
}

/** The exit code of a stage whose neighbour went first. */
export const EXIT_PEER_GONE = 3;
