// What the socket benchmarks ask of a runtime's own stream sockets: bytes out, a callback for bytes in.
export interface Link {
  send(bytes: Uint8Array): unknown;
  close(): void;
}

export type Receive = (bytes: Uint8Array) => void;

export interface Facility {
  /** Listens for one peer; `accept` is given the link and answers what to do with its bytes. */
  listen(path: string, accept: (link: Link) => Receive): Promise<void>;
  /** Connects; rejects while nobody listens yet. */
  dial(path: string, receive: Receive): Promise<Link>;
}
