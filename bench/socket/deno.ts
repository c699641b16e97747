// Unix stream socket through Deno.listen and Deno.connect.
import type { Facility, Link, Receive } from "./link.ts";

interface DenoConnection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

interface Address {
  transport: "unix";
  path: string;
}

interface DenoGlobal {
  listen(address: Address): { accept(): Promise<DenoConnection>; close(): void };
  connect(address: Address): Promise<DenoConnection>;
}

const deno = (globalThis as unknown as { Deno: DenoGlobal }).Deno;

function linkOf(connection: DenoConnection): Link {
  return { send: (bytes) => connection.write(bytes), close: () => connection.close() };
}

async function readAll(connection: DenoConnection, receive: Receive): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return;
    receive(buffer.subarray(0, count));
  }
}

export const denoSockets: Facility = {
  listen(path, accept) {
    const listener = deno.listen({ transport: "unix", path });
    void listener.accept().then((connection) => {
      listener.close();
      return readAll(connection, accept(linkOf(connection)));
    });
    return Promise.resolve();
  },

  async dial(path, receive) {
    const connection = await deno.connect({ transport: "unix", path });
    void readAll(connection, receive);
    return linkOf(connection);
  },
};
