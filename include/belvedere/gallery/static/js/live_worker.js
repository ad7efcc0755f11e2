// The shared worker: keeps the one stream of a browser for all pages of the gallery that one user has open in it.
import { Hub } from "./stream.js";

const [root] = JSON.parse(self.name);
const hub = new Hub(root);

self.addEventListener("connect", (event) => {
  const port = event.ports[0];
  port.addEventListener("message", ({ data }) => hub.hear(port, (message) => port.postMessage(message), data));
  port.start();
});
