// The end of the other side, step by step: what is told when it closes or dies between two looks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeerClosedError, PeerDiedError } from "../../mod.ts";
import { PeerEnd } from "../../src/ring/peer_end.ts";
import type { Role } from "../../src/ring/role.ts";

/** A role that somebody else changes between the looks at it: `script` says what happens after each. */
class ScriptedRole {
  owner: number;
  isClosed = false;
  isDeadNow = false;
  readonly onLook: () => void;

  constructor(owner: number, onLook: (role: ScriptedRole) => void = () => {}) {
    this.owner = owner;
    this.onLook = () => onLook(this);
  }

  isDead(owner: number): boolean {
    this.onLook();
    return this.isDeadNow || owner !== this.owner;
  }

  watched(told: number): number {
    return this.owner === told ? 0 : this.owner;
  }

  pidOf(): number {
    return 4711;
  }
}

const endOf = (role: ScriptedRole) => new PeerEnd(role as unknown as Role);
const look = (end: PeerEnd) => end.error({ syscall: "receive", doing: "receive on ring /ring" });
/** As whoever throws the error. */
const hear = (end: PeerEnd) => {
  const error = look(end);
  end.tell();
  return error;
};

describe("the end of a peer", () => {
  it("is no error while nobody has come, or while it lives", () => {
    assert.equal(look(endOf(new ScriptedRole(0))), undefined);
    assert.equal(look(endOf(new ScriptedRole(5))), undefined);
  });

  it("is told of an orderly close at each look", () => {
    const role = new ScriptedRole(0);
    role.isClosed = true;
    const end = endOf(role);
    for (let round = 0; round < 3; round++) assert.ok(hear(end) instanceof PeerClosedError);
  });

  it("is told of a death once, and of its successor's again", () => {
    const role = new ScriptedRole(5);
    role.isDeadNow = true;
    const end = endOf(role);
    assert.equal(end.watched, 5);
    assert.ok(look(end) instanceof PeerDiedError, "found, and not told: a message came first");
    const error = hear(end);
    assert.ok(error instanceof PeerDiedError);
    assert.equal(error.pid, 4711);
    assert.deepEqual([look(end), end.watched], [undefined, 0]);
    role.owner = 6;
    assert.equal(end.watched, 6);
    assert.ok(look(end) instanceof PeerDiedError);
  });

  it("is never told as a death when it closed in order between two looks", () => {
    const role = new ScriptedRole(5, (changing) => {
      changing.owner = 0;
      changing.isClosed = true;
      changing.isDeadNow = true; // its slot is given back right after
    });
    const error = look(endOf(role));
    assert.ok(!(error instanceof PeerDiedError), String(error));
  });

  it("is never told as a death when a successor came between two looks", () => {
    const role = new ScriptedRole(5, (changing) => {
      changing.owner = 6;
    });
    const end = endOf(role);
    assert.ok(!(look(end) instanceof PeerDiedError));
    assert.equal(end.watched, 6);
  });
});
