// Casts: who plays beside whom.

export interface Cast {
  readonly lives: readonly string[];
  /** Whether any of them may be killed; where nobody owns what is waited for, its waiters would wait on. */
  readonly mayDie: boolean;
  /** Of the places at which each of them stops, one in so many. */
  readonly stride: number;
}

/** Of whom somebody leaves. */
export type Leaving = Omit<Cast, "stride">;

const dying = (...lives: string[]): Cast => ({ lives, mayDie: true, stride: lives.length > 2 ? 4 : 2 });
const living = (...lives: string[]): Cast => ({ lives, mayDie: false, stride: lives.length > 2 ? 3 : 1 });

/** By the module of its scene, and what it is called there. */
export const casts: Record<string, readonly Cast[]> = {
  "mutex scene": [
    dying("blocks twice", "awaits twice"),
    dying("awaits twice", "awaits"),
    dying("tries", "blocks", "awaits"),
    dying("awaits", "blocks", "blocks"),
  ],
  "rwlock scene": [
    dying("reads, blocking", "writes, awaiting"),
    dying("writes, blocking", "reads, awaiting"),
    dying("writes, awaiting", "writes, blocking"),
    dying("upgrades", "upgrades"),
    dying("tries to upgrade", "upgrades"),
    dying("writes, blocking", "upgrades"),
    dying("downgrades, blocking", "writes, awaiting"),
    dying("downgrades, awaiting", "downgrades, blocking"),
    dying("downgrades, blocking", "reads, blocking", "writes, awaiting"),
    dying("tries to write", "tries to read", "writes, awaiting"),
  ],
  "rwlock readersFirst": [
    dying("reads, awaiting", "writes, blocking"),
    dying("upgrades", "writes, awaiting"),
    dying("upgrades, blocking", "upgrades"),
    dying("downgrades, blocking", "writes, awaiting"),
    dying("downgrades, awaiting", "downgrades, blocking"),
    dying("writes, blocking", "reads, blocking", "tries to read"),
  ],
  "semaphore scene": [living("blocks twice", "awaits twice"), living("blocks", "awaits", "tries")],
  "semaphore ofTwo": [living("awaits", "awaits", "blocks")],
  "semaphore owned": [dying("blocks twice", "awaits"), dying("awaits", "blocks", "tries")],
  "semaphore ownedOfTwo": [dying("awaits", "blocks", "awaits")],
  "event scene": [living("blocks", "sets"), living("awaits", "sets"), living("awaits", "blocks", "sets")],
  "event autoReset": [
    living("awaits", "sets"),
    living("blocks", "sets twice"),
    living("awaits", "blocks", "sets twice"),
    living("tries", "awaits", "sets"),
  ],
  "condition scene": [
    living("blocks", "changes it"),
    living("awaits", "changes it, and notifies behind"),
    living("awaits", "blocks", "changes it"),
  ],
  "barrier scene": [
    { ...dying("blocks twice", "awaits twice"), stride: 5 },
    { ...dying("blocks and leaves", "awaits twice"), stride: 5 },
    { ...dying("joins and leaves", "blocks", "awaits"), stride: 6 },
  ],
  "once scene": [dying("blocks", "takes its time"), dying("fails", "awaits"), dying("blocks", "awaits", "fails")],
  "futex_lock scene": [
    living("is of C", "awaits twice"),
    living("blocks", "awaits", "is of C"),
    { ...living("is of C, and calls off", "awaits with a call", "is of C"), stride: 1 },
  ],
  "futex scene": [{ ...living("blocks at the first", "awaits the first", "wakes the first"), stride: 1 }],
  "ring scene": [
    dying("sends, blocking", "receives, awaiting"),
    dying("sends, awaiting", "receives, blocking"),
    dying("sends, awaiting", "iterates to the end"),
    dying("sends, blocking", "receives two", "receives two"),
  ],
  "latest_value scene": [
    dying("writes", "reads"),
    dying("writes", "reads in place"),
    dying("writes", "waits, blocking"),
    { ...dying("writes", "waits, awaiting", "reads"), stride: 7 },
  ],
  "map scene": [
    dying("sets its own key", "sets its own key"),
    dying("sets the same key twice", "reads twice"),
    dying("sets and removes", "goes through all"),
    dying("counts twice", "counts twice"),
    dying("sets and removes", "sets the same key twice", "reads twice"),
  ],
};

/** Whose time may be up says so. */
export const isLeaver = (life: string) => /with a (timeout|signal)|and closes/.test(life);

/** Casts with somebody who leaves when the time is up. */
const leavingOrDying = (...lives: string[]): Leaving => ({ lives, mayDie: true });
const leaving = (...lives: string[]): Leaving => ({ lives, mayDie: false });

/** As above. */
export const leavers: Record<string, readonly Leaving[]> = {
  "mutex scene": [
    leavingOrDying("stays", "blocks with a timeout"),
    leavingOrDying("stays", "awaits with a timeout"),
    leavingOrDying("blocks", "awaits, and closes", "blocks"),
    leavingOrDying("blocks with a timeout", "awaits twice"),
    leavingOrDying("blocks", "blocks with a timeout", "awaits"),
    leavingOrDying("blocks", "awaits with a signal", "blocks"),
    leavingOrDying("blocks", "awaits behind one with a signal"),
  ],
  "rwlock scene": [
    leavingOrDying("reads, and stays", "writes, blocking with a timeout"),
    leavingOrDying("reads, and stays", "writes with a timeout"),
    leavingOrDying("reads, and stays", "upgrades with a timeout"),
    leavingOrDying("writes, and stays", "reads with a timeout"),
    leavingOrDying("reads, blocking", "writes, and closes", "reads, awaiting"),
    leavingOrDying("reads, and stays", "writes, and closes", "reads, awaiting"),
    leavingOrDying("writes, blocking", "reads, and closes", "reads, awaiting"),
    leavingOrDying("reads, blocking", "writes, blocking with a timeout", "reads, awaiting"),
    leavingOrDying("reads, awaiting", "writes with a timeout", "reads, blocking"),
    leavingOrDying("writes, awaiting", "reads with a timeout", "writes, blocking"),
    leavingOrDying("reads, awaiting", "writes with a signal", "writes, awaiting"),
    leavingOrDying("writes, blocking", "reads with a signal", "reads, blocking"),
    leavingOrDying("reads, blocking", "upgrades with a timeout", "writes, awaiting"),
    leavingOrDying("writes, blocking", "reads, blocking with a timeout"),
  ],
  "rwlock readersFirst": [
    leavingOrDying("reads, blocking", "writes with a timeout", "writes, awaiting"),
    leavingOrDying("reads, awaiting", "writes, blocking with a timeout", "writes, blocking"),
  ],
  "semaphore scene": [
    leaving("blocks", "awaits, and closes", "blocks"),
    leaving("blocks", "blocks with a timeout", "awaits"),
    leaving("blocks twice", "awaits with a timeout"),
    leaving("blocks", "awaits with a signal", "blocks"),
    leaving("blocks twice", "awaits behind one with a signal"),
  ],
  "semaphore ofTwo": [leaving("blocks twice", "awaits behind one with a signal", "awaits")],
  "semaphore owned": [
    leavingOrDying("blocks", "awaits, and closes", "blocks"),
    leavingOrDying("blocks", "blocks with a timeout", "awaits"),
    leavingOrDying("awaits", "awaits with a timeout", "blocks"),
    leavingOrDying("blocks twice", "awaits behind one with a signal"),
  ],
  "event scene": [leaving("awaits with a timeout", "blocks", "sets")],
  "event autoReset": [
    leaving("awaits, and closes", "blocks", "sets"),
    leaving("awaits with a timeout", "blocks", "sets"),
    leaving("blocks with a timeout", "awaits", "sets"),
    leaving("awaits with a signal", "blocks", "sets"),
    leaving("awaits behind one with a signal", "sets"),
    leaving("awaits behind one with a signal", "sets twice"),
  ],
  "condition scene": [
    leaving("awaits, and closes", "changes it"),
    leaving("blocks with a timeout", "changes it, and stays a while"),
    leaving("awaits with a timeout", "blocks", "changes it"),
    leaving("awaits with a signal", "awaits", "changes it, and notifies behind"),
  ],
  "barrier scene": [
    leavingOrDying("blocks with a timeout", "awaits"),
    leavingOrDying("blocks", "awaits, and closes"),
    leavingOrDying("blocks with a timeout, and leaves", "awaits"),
    leavingOrDying("blocks", "awaits with a timeout, and leaves"),
    leavingOrDying("awaits with a signal", "blocks"),
    leavingOrDying("blocks", "awaits with a timeout"),
  ],
  "once scene": [
    leavingOrDying("fails", "awaits, and closes", "blocks"),
    leavingOrDying("takes its time, and closes", "blocks"),
    leavingOrDying("takes its time", "blocks with a timeout", "awaits"),
    leavingOrDying("fails", "awaits with a timeout", "blocks"),
    leavingOrDying("fails", "awaits with a signal", "awaits"),
  ],
  "ring scene": [
    leavingOrDying("sends, blocking with a timeout", "receives, awaiting"),
    leavingOrDying("sends with a timeout", "receives, blocking"),
    leavingOrDying("sends with a signal", "receives, awaiting"),
    leavingOrDying("sends, blocking", "receives, blocking with a timeout"),
    leavingOrDying("sends, awaiting", "receives with a timeout"),
    leavingOrDying("sends, blocking", "receives behind one with a signal"),
  ],
  "ring_turns scene": [
    leaving("sends with a timeout, and a small one", "receives later"),
    leaving("sends with a signal, and a small one", "receives one, and later"),
    leaving("sends with a timeout, and tries then", "receives two, and later"),
    leaving("sends with a signal, and tries then", "receives two, and later"),
  ],
  "futex_lock scene": [
    leaving("is of C", "blocks with a timeout", "is of C"),
    leaving("is of C twice", "awaits behind one with a signal", "is of C"),
    leaving("is of C", "is of C", "blocks with a timeout"),
    leaving("is of C", "awaits with a signal", "is of C"),
    leaving("is of C", "awaits with a timeout", "awaits"),
    leaving("is of C", "awaits twice at once with a signal", "is of C"),
    leaving("is of C", "awaits behind one with a signal"),
    leaving("blocks", "awaits behind one with a signal", "is of C"),
  ],
  "futex scene": [
    leaving("blocks with a timeout", "blocks at the first", "wakes the first"),
    leaving("awaits with a signal", "awaits the first", "wakes the first"),
    leaving("awaits with a timeout", "awaits the first", "wakes the first"),
    leaving("awaits both with a signal", "awaits the first", "wakes both"),
    leaving("awaits both with a signal", "awaits the second", "wakes both"),
  ],
  "latest_value scene": [
    leavingOrDying("writes", "waits, blocking with a timeout"),
    leavingOrDying("writes", "waits with a timeout"),
    leavingOrDying("writes", "waits with a signal"),
  ],
};
