// Unix stream socket through Bun.listen and Bun.connect.
import type { Facility, Link, Receive } from "./link.ts";

interface BunSocket {
  data: Receive | undefined;
  write(bytes: Uint8Array): number;
  end(): void;
}

interface Handlers {
  open?(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
}

interface BunGlobal {
  listen(options: { unix: string; socket: Handlers }): { stop(): void };
  connect(options: { unix: string; socket: Handlers }): Promise<BunSocket>;
}

const bun = (globalThis as unknown as { Bun: BunGlobal }).Bun;

function linkOf(socket: BunSocket): Link {
  return { send: (bytes) => socket.write(bytes), close: () => socket.end() };
}

export const bunSockets: Facility = {
  listen(path, accept) {
    let receive: Receive;
    const server = bun.listen({
      unix: path,
      socket: {
        open(socket) {
          receive = accept(linkOf(socket));
          server.stop();
        },
        data: (_socket, bytes) => receive(bytes),
      },
    });
    return Promise.resolve();
  },

  async dial(path, receive) {
    return linkOf(await bun.connect({ unix: path, socket: { data: (_socket, bytes) => receive(bytes) } }));
  },
};
