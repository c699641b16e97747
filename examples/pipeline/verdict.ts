// The verdict: did every tick arrive once, in order and whole?

import type { Board } from "./board.ts";

export interface Verdict {
  readonly lostBeforeEngine: number;
  readonly lostBeforeRisk: number;
  /** What is wrong, in words; nothing when all is well. */
  readonly complaints: readonly string[];
}

/** What never came: gaps in the sequence, and whatever is missing at the end. */
function missing(sent: number, received: number, torn: number, gaps: number): number {
  return Math.max(gaps, sent - received - torn);
}

export function judge({ rows: { feed, engine, risk } }: Board): Verdict {
  const gone = (from: typeof feed, to: typeof feed) =>
    missing(from.count("sent"), to.count("received"), to.count("torn"), to.count("lost"));
  const [lostBeforeEngine, lostBeforeRisk] = [gone(feed, engine), gone(engine, risk)];
  const decided = risk.count("accepted") + risk.count("overPosition") + risk.count("overNotional");
  const torn = engine.count("torn") + risk.count("torn");
  const duplicated = engine.count("duplicated") + risk.count("duplicated");
  const facts: readonly (readonly [boolean, string])[] = [
    [feed.count("sent") === 0, "no tick was sent"],
    [lostBeforeEngine !== 0, `${lostBeforeEngine} ticks were lost between feed and engine`],
    [engine.count("sent") !== engine.count("received"), "the engine has not answered every tick"],
    [lostBeforeRisk !== 0, `${lostBeforeRisk} ticks were lost between engine and risk manager`],
    [torn !== 0, `${torn} messages were torn`],
    [duplicated !== 0, `${duplicated} messages came twice`],
    [engine.count("orders") !== decided, "the risk manager has not decided about every order"],
  ];
  return { lostBeforeEngine, lostBeforeRisk, complaints: facts.filter(([is]) => is).map(([, text]) => text) };
}
