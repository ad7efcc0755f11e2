// How the gallery writes times, sizes, states and names.
export const STATE_WORDS = {
  queued: "queued",
  rendering: "rendering",
  rendered: "rendered",
  failed: "failed, trying again",
  dead: "failed",
  unsupported: "no renderer",
  superseded: "superseded",
  deleted: "deleted",
};

export function age(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

export function span(milliseconds) {
  if (milliseconds < 100) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 100000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.round(milliseconds / 60000)} min`;
}

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (bytes >= 1000 && at < units.length - 1) {
    bytes /= 1000;
    at += 1;
  }
  return at === 0 || bytes >= 100 ? `${Math.round(bytes)} ${units[at]}` : `${bytes.toFixed(1)} ${units[at]}`;
}

// Control characters as their pictures, so that a name stays on its line.
export function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f]/g, (c) => (c === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + c.charCodeAt(0))));
}

export function split(key) {
  const at = key.replace(/\/+$/, "").lastIndexOf("/");
  return { folder: key.slice(0, at + 1), name: key.slice(at + 1) || key };
}
