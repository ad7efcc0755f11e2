// The picture first: the open view's frame loads while the page's other modules are still on their way.
import { show } from "./frames.js";

const frame = document.querySelector("#viewer [role=tabpanel]:not([hidden]) iframe[data-href]:not([src])");
if (frame && !new URLSearchParams(location.search).has("tab")) show(frame);
