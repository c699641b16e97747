// Unix stream socket through node:net, in all three runtimes.
import { connect, createServer, type Socket } from "node:net";
import type { Facility, Link } from "./link.ts";

function linkOf(socket: Socket): Link {
  return { send: (bytes) => socket.write(bytes), close: () => socket.end() };
}

export const nodeSockets: Facility = {
  listen(path, accept) {
    const server = createServer((socket) => {
      socket.on("data", accept(linkOf(socket)));
      server.close();
    });
    return new Promise((resolve) => server.listen(path, resolve));
  },

  dial(path, receive) {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.on("error", reject);
      socket.on("data", receive);
      socket.on("connect", () => resolve(linkOf(socket)));
    });
  },
};
