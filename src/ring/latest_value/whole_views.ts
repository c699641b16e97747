// WholeViews: a view of each buffer of a latest value, for copies of whole values by one call, without a view for each.

import type { ValueBuffers } from "./buffers.ts";
import { BYTES } from "./layout.ts";

/** Up to so many bytes a loop is as fast as `set`, a call of 10 to 50 ns. */
const LOOP_MOST = 64;

/** Made when first asked for. */
export class WholeViews {
  private readonly buffers: ValueBuffers;
  private readonly mask: number = 0;
  /** Values of other sizes go other ways; -1: all of them. */
  private readonly size: number = 0;
  private readonly views: Uint8Array[];

  constructor(buffers: ValueBuffers) {
    const { size } = buffers.geometry;
    this.buffers = buffers;
    this.mask = buffers.mask;
    this.size = size > LOOP_MOST ? size : -1;
    const none = buffers.u8.subarray(0, 0);
    this.views = Array.from({ length: buffers.geometry.buffers }, () => none);
  }

  /** Whether a value of that many bytes is best copied by a view. */
  serve(length: number): boolean {
    return length === this.size;
  }

  /** All bytes of the buffer with this sequence. */
  of(sequence: number): Uint8Array {
    const view = this.views[sequence & this.mask];
    return view.length > 0 ? view : this.make(sequence);
  }

  private make(sequence: number): Uint8Array {
    const start = this.buffers.headerOf(sequence) + BYTES;
    const view = this.buffers.u8.subarray(start, start + this.size);
    this.views[sequence & this.mask] = view;
    return view;
  }
}
