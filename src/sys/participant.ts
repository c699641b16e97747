// Participants of a segment: one typed function per shim symbol (shim/participant.c).

import { environment } from "../runtime/environment.ts";

/** Takes a slot of the table at `tableOffset` of the file: the participant's handle, or -errno. */
export function participantAttach(fd: number, tableOffset: number, slots: number): number {
  const { calls, address } = environment();
  return calls.participant_attach(fd, tableOffset, slots, address);
}

/** The owner id of a participant: generation << 10 | slot + 1. */
export function participantOwner(participant: number): number {
  return environment().calls.participant_owner(participant);
}

export function participantDetach(participant: number): number {
  return environment().calls.participant_detach(participant);
}

/** Asks the locks of all slots that look alive, and marks the dead. */
export function participantBury(participant: number): number {
  return environment().calls.participant_bury(participant);
}

/** 1 when `owner` is proven dead, 0 when it lives. */
export function participantDead(participant: number, owner: number): number {
  return environment().calls.participant_dead(participant, owner);
}
