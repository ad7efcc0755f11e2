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

// Characters that would break a line or show a name in a false order, as pictures or by their code.
const DISTURBING = /[\u0000-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function visible(text) {
  return text.replace(DISTURBING, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

export function split(key) {
  const at = key.replace(/\/+$/, "").lastIndexOf("/");
  return { folder: key.slice(0, at + 1), name: key.slice(at + 1) || key };
}
